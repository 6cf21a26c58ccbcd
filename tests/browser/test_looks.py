"""Every page, light and dark, on a desk and on a phone: axe finds nothing, nothing is asked of
another host, and nothing complains."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import LOOKS, OpenPage, Watch, sign_in, wait_until_live
from tests.site import ROOT, Site

BOILERS = "127.0.0.14"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: tags, resultTypes: ["violations"], rules: {"target-size": {enabled: true}},
  });
  return found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`));
}"""


def violations(page: Page) -> list[str]:
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found: list[str] = page.evaluate(RUN_AXE, RULES)
    return found


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible(site: Site, open_page: OpenPage, watch: Watch, look: str) -> None:
    device = f"/devices/{site.devices()[BOILERS]}/"
    page = open_page("/login/", look, stranger=True)
    assert violations(page) == []
    sign_in(page)
    wait_until_live(page)
    others = ["/changes/", "/accounts/", "/accounts/new", "/accounts/1/"]
    tabs = [device, *(f"{device}{tab}/" for tab in ("outputs", "variables", "objects", "profile"))]
    networks = ["/networks/new", "/networks/1/"]
    for path in ("/", "/devices/", *tabs, *networks, "/account/", *others):
        page.goto(path)
        wait_until_live(page)
        assert violations(page) == [], path
    watch.allow(404)
    page.goto("/nowhere/")
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_dialog_is_accessible_and_fits(
    site: Site, open_page: OpenPage, watch: Watch, look: str
) -> None:
    page = open_page(f"/devices/{site.devices()[BOILERS]}/variables/", look)
    wait_until_live(page)
    for name in ("Boiler mode", "Flow setpoint"):
        page.get_by_role("button", name=f"Write {name}").click()
        page.wait_for_selector("dialog[open] form")
        assert violations(page) == []
        assert is_inside(page, "dialog")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Write Flow setpoint").click()
    watch.allow(422)
    page.get_by_label("Value").fill("1000")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog [aria-invalid]")
    page.get_by_text("Priority", exact=True).click()
    assert violations(page) == []


def is_inside(page: Page, selector: str) -> bool:
    box, size = page.locator(selector).bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return box["x"] >= 0 and box["y"] >= 0 and right <= size["width"] and bottom <= size["height"]


@pytest.mark.parametrize("look", ["phone, light"])
def test_what_is_pressed_on_a_phone_is_large_enough(
    site: Site, open_page: OpenPage, look: str
) -> None:
    page = open_page(f"/devices/{site.devices()[BOILERS]}/variables/", look)
    wait_until_live(page)
    page.get_by_role("button", name="Write Flow setpoint").tap()
    page.wait_for_selector("dialog[open] form")
    sizes: list[Any] = page.eval_on_selector_all(
        "dialog :is(button, summary, .segments label, .form-control)",
        "all => all.filter(one => one.checkVisibility())"
        ".map(one => [one.outerHTML.slice(0, 60), one.getBoundingClientRect().height])",
    )
    assert len(sizes) > 5
    assert [one for one in sizes if one[1] < 40] == []


def test_the_theme_that_is_chosen_stays(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Menu of admin").click()
    page.get_by_label("Dark").check()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_pages_of_the_api_ask_no_other_host(open_page: OpenPage) -> None:
    page = open_page("/api/docs/")
    page.wait_for_selector(".swagger-ui .opblock")


@pytest.mark.parametrize(("look", "is_dark"), [("desk, light", False), ("desk, dark", True)])
def test_the_pages_of_the_api_have_the_theme(open_page: OpenPage, look: str, is_dark: bool) -> None:
    page = open_page("/api/docs/", look)
    page.wait_for_selector(".swagger-ui .opblock")
    assert page.locator("html.dark-mode").count() == is_dark
