"""Searching a network from its page: live progress, then deciding on what was found."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LOOKS, OpenPage, Watch, wait_until_live
from tests.browser.test_looks import violations
from tests.site import Site


def add_network(page: Page, site: Site, name: str, port: int) -> None:
    """One that lets everything wait. What is dismissed stays so: each look has its own."""
    page.goto("/networks/new")
    for field, value in (
        ("name", name),
        ("interface", "127.0.0.1/8"),
        ("port", str(port)),
        ("targets", f"127.255.255.255:{site.demo_port}"),
        ("timeout", "1"),
    ):
        page.fill(f"[name={field}]", value)
    page.select_option("[name=auto_discovery]", "no")
    page.click("button:has-text('Add and look')")
    page.locator("a", has_text=name).first.click()
    expect(page.locator("[data-verdict=well]")).to_be_visible()  # it was searched at once


@pytest.mark.parametrize("look", LOOKS)
def test_what_a_search_finds_is_decided(
    site: Site, open_page: OpenPage, watch: Watch, look: str
) -> None:
    page = open_page("/devices/", look)
    port = site.demo_port + 20 + list(LOOKS).index(look)
    add_network(page, site, f"Looked at by {look}", port)
    page.click(".search-form button")
    expect(page.locator("[data-verdict=waiting], [data-verdict=running]")).to_be_visible()
    assert violations(page) == []
    expect(page.locator("[data-verdict=well]")).to_be_visible()  # by itself
    wait_until_live(page)
    assert violations(page) == []
    found = page.locator("[data-choose-open]").count()  # other tests may have ended some devices
    assert found > 1
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-choose-count]")).to_have_text(f"{found} selected")
    page.locator("[data-choose-open]").last.uncheck()
    expect(page.locator("[data-choose-count]")).to_have_text(f"{found - 1} selected")
    assert page.locator("[data-choose-all]").evaluate("box => box.indeterminate")
    page.click("button:has-text('Dismiss')")
    expect(page.locator(".notice")).to_have_text(re.compile(f"{found - 1} findings are dismissed"))
    assert violations(page) == []
    page.locator("[name=finding]:not([data-choose-open])").first.check()
    expect(page.locator("[data-choose-count]")).to_have_text("1 selected")
