"""Values that move, and writing to them: what the operator sees, and what the device holds."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from protocols.bacnet.driver import BacnetDriver
from protocols.simulator.demo import demo_building
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import Point
from protocols.types import Endpoint, Held, NetworkSettings, PointAddress
from tests.browser.conftest import PATIENCE, OpenPage, Watch, awaited, sign_in, wait_until_live
from tests.site import Site, pid_of

AIR_HANDLER = "127.0.0.11"
BOILERS = "127.0.0.14"
WEATHER = "127.0.0.15"
DAMPER = PointAddress("analog-output", 2)  # "Outside air damper" of the air handler
PUMP = PointAddress("binary-output", 3)

# Every word that is told of a command, once.
RECORD = """() => {
  window.told = [];
  const look = () => {
    for (const { textContent: text } of document.querySelectorAll("[data-command] > *")) {
      if (!told.includes(text)) told.push(text);
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def outputs(site: Site) -> str:
    return f"/devices/{site.devices()[AIR_HANDLER]}/outputs/"


@pytest.fixture
def held(site: Site, free_port: Callable[[], int]) -> Callable[[PointAddress], Held]:
    """What the simulated air handler holds, asked by a client of our own."""

    def ask(point: PointAddress) -> Held:
        async def read() -> Held:
            driver = BacnetDriver(NetworkSettings("127.0.0.1/8", free_port(), timeout=2.0))
            await driver.connect()
            try:
                return await driver.read_held(endpoint, point)
            finally:
                await driver.disconnect()

        endpoint = Endpoint(f"{AIR_HANDLER}:{site.demo_port}", 237201)
        found: Held = awaited(read)
        return found

    return ask


@pytest.fixture(scope="module", autouse=True)
def ways_of_devices(site: Site) -> Iterator[None]:
    """The air handler thinks before it answers, so that what is under way can be seen; the boilers
    take less than they said when they were found."""
    specs = {one.address: one for one in demo_building(port=site.demo_port)}
    air_handler, boilers = specs[AIR_HANDLER], specs[BOILERS]
    changed = [
        replace(air_handler, reply_delay=0.3),
        replace(boilers, points=tuple(_at_most_60(point) for point in boilers.points)),
    ]
    for spec in changed:
        os.kill(pid_of(spec.address, site.demo_port), signal.SIGKILL)
    with SimulatedBuilding(changed):
        yield


def _at_most_60(point: Point) -> Point:
    return replace(point, high=60) if point.label == "HW-SP" else point


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def open_dialog(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Write {name}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Write", exact=True)).to_be_enabled()
    return dialog


def release(page: Page, name: str) -> None:
    dialog = open_dialog(page, name)
    dialog.get_by_role("button", name="Release to Auto").click()
    expect(dialog).to_be_hidden()
    expect(row_of(page, name).get_by_text("Auto", exact=True)).to_be_visible()


def test_after_signing_in_the_values_move(site: Site, open_page: OpenPage) -> None:
    device = f"/devices/{site.devices()[AIR_HANDLER]}/"
    page = open_page(device, stranger=True)
    assert "/login/" in page.url
    sign_in(page)
    page.wait_for_url(f"**{device}")
    wait_until_live(page)
    value = row_of(page, "Supply air flow").locator("[data-value]")
    expect(value).not_to_have_text(value.inner_text())


def test_a_point_that_was_not_read_yet_is_no_fault(open_page: OpenPage, outputs: str) -> None:
    """The link says of everything what it says of a device that was just found; then the truth."""
    sockets: list[WebSocketRoute] = []
    is_new = True

    def pass_on(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda text: route.send(as_new(text) if is_new else text))
        sockets.append(route)

    page = open_page("/devices/")
    page.route_web_socket(re.compile("/ws/live$"), pass_on)
    page.goto(outputs)
    wait_until_live(page)
    row = row_of(page, "Outside air damper")
    expect(row.locator(".state-cell")).to_contain_text("Not read yet")
    expect(page.get_by_role("button", name="Fault 0")).to_be_visible()
    is_new = False
    sockets[-1].close()
    expect(row.locator(".state-cell")).to_contain_text("Normal")


def as_new(text: str | bytes) -> str:
    frame = json.loads(text)
    told = frame.get("snapshot", frame)
    for device in told.get("devices", told.get("device_status")) or []:
        device |= {"state": "unknown", "last_seen": None}
    points = told.get("points", told.get("point_update"))
    if points:
        points["qualities"] = [5 for _ in points["ids"]]
    return json.dumps(frame)


def test_the_first_device_brings_the_whole_page_up_to_date(site: Site, open_page: OpenPage) -> None:
    count = str(len(site.devices()))
    page = open_page("/devices/")
    wait_until_live(page)
    known = page.locator("[data-devices-known]")
    for number, stays in (("3", True), ("0", False)):
        known.evaluate(
            "(one, number) => { one.textContent = number; window.stays = true; }", number
        )
        page.evaluate("document.body.dispatchEvent(new Event('live:restored'))")
        expect(known).to_have_text(count)
        assert page.evaluate("Boolean(window.stays)") is stays


def test_a_write_is_pending_then_confirmed_and_held_until_it_is_released(
    open_page: OpenPage,
    outputs: str,
    held: Callable[[PointAddress], Held],
) -> None:
    page, other = open_page(outputs), open_page(outputs)
    for one in (page, other):
        wait_until_live(one)
    page.evaluate(RECORD)
    dialog = open_dialog(page, "Outside air damper")
    dialog.get_by_label("Value").fill("55.5")
    dialog.get_by_label("Note").fill("frost test")
    page.keyboard.press("Enter")
    expect(row_of(page, "Outside air damper")).to_contain_text("55.5 confirmed")
    assert page.evaluate("told") == ["55.5 pending", "55.5 confirmed"]
    for one in (page, other):
        row = row_of(one, "Outside air damper")
        expect(row.get_by_text("Manual").first).to_be_visible()
        expect(row.locator("[data-hold]")).to_have_text(re.compile(r"^until .*\d\d:\d\d by admin$"))
        expect(row.locator("[data-hold]")).to_have_attribute("title", re.compile("^frost test;"))
        expect(row.locator("[data-value]")).to_have_text("55.5")
        expect(row).not_to_contain_text("confirmed")  # it goes by itself, the hold stays
    slots = held(DAMPER).slots
    assert slots is not None
    assert slots[8] == pytest.approx(55.5)

    page.reload()
    wait_until_live(page)
    expect(row_of(page, "Outside air damper")).to_contain_text("by admin")
    page.get_by_role("button", name=re.compile("^Manual 1$")).click()
    expect(row_of(page, "Return air damper")).to_be_hidden()
    page.get_by_role("link", name="Overview").click()
    expect(row_of(page, "Outside air damper")).to_contain_text("by admin")

    page.goto(outputs)
    release(page, "Outside air damper")
    expect(row_of(other, "Outside air damper")).not_to_contain_text("by admin")
    slots = held(DAMPER).slots
    assert slots is not None
    assert 8 not in slots


def test_a_state_is_chosen_and_written_by_keyboard_alone(
    open_page: OpenPage, outputs: str, held: Callable[[PointAddress], Held]
) -> None:
    page = open_page(outputs)
    wait_until_live(page)
    button = page.get_by_role("button", name="Write Coil pump,")
    was_on = button.locator("[data-value]").inner_text() == "On"
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("radio", checked=True).first).to_be_focused()
    page.keyboard.press("ArrowLeft" if was_on else "ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()
    row = row_of(page, "Coil pump")
    expect(page.get_by_text(re.compile("(On|Off) confirmed")).first).to_be_visible()
    slots = held(PUMP).slots
    assert slots is not None
    assert slots[8] == (0 if was_on else 1)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Release to Auto").click()
    expect(row).not_to_contain_text("by admin")


def test_a_value_out_of_range_is_refused_beside_its_field(
    open_page: OpenPage, watch: Watch, outputs: str, held: Callable[[PointAddress], Held]
) -> None:
    watch.allow(422)
    page = open_page(outputs)
    wait_until_live(page)
    dialog = open_dialog(page, "Outside air damper")
    field = dialog.get_by_label("Value")
    field.fill("140")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert").first).to_have_text("140 is out of range; write 0 to 100.")
    expect(field).to_be_focused()
    expect(field).to_have_value("140")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    slots = held(DAMPER).slots
    assert slots is not None
    assert 8 not in slots


def test_what_is_typed_stays_while_the_value_beside_it_moves(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(f"/devices/{site.devices()[WEATHER]}/variables/")
    wait_until_live(page)
    dialog = open_dialog(page, "Simulated hour")
    dialog.get_by_label("Value").fill("12.3")
    dialog.get_by_label("Note").fill("half a sen")
    now = dialog.locator("[data-value]")
    expect(now).not_to_have_text(now.inner_text())
    expect(dialog.get_by_label("Value")).to_have_value("12.3")
    expect(dialog.get_by_label("Note")).to_have_value("half a sen")
    expect(dialog.get_by_label("Note")).to_be_focused()


def test_nothing_can_be_written_while_the_link_is_lost(open_page: OpenPage, outputs: str) -> None:
    sockets: list[WebSocketRoute] = []
    is_cut = False

    def pass_on(route: WebSocketRoute) -> None:
        if is_cut:
            route.close()
        else:
            route.connect_to_server()
            sockets.append(route)

    page = open_page("/devices/")
    page.route_web_socket(re.compile("/ws/live$"), pass_on)
    page.goto(outputs)
    wait_until_live(page)
    dialog = open_dialog(page, "Outside air damper")
    is_cut = True
    sockets[-1].close()
    submit = dialog.get_by_role("button", name="Write", exact=True)
    expect(submit).to_be_disabled()
    expect(dialog.get_by_role("alert").last).to_contain_text("The live link is lost")
    page.keyboard.press("Escape")
    value = page.get_by_role("button", name="Write Outside air damper")
    expect(value).to_be_disabled()
    expect(value).to_have_attribute("title", re.compile("live link is lost"))
    is_cut = False
    page.get_by_role("button", name="Try now").click()
    expect(value).to_be_enabled()
    open_dialog(page, "Outside air damper")


def test_the_reason_of_a_device_that_refuses_stays_until_it_is_dismissed(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(f"/devices/{site.devices()[BOILERS]}/variables/")
    wait_until_live(page)
    dialog = open_dialog(page, "Flow setpoint")
    dialog.get_by_label("Value").fill("80")
    dialog.get_by_role("button", name="Write", exact=True).click()
    row = row_of(page, "Flow setpoint")
    expect(row).to_contain_text(re.compile("80.0 refused: .*value-out-of-range"))
    expect(row.get_by_text("Auto", exact=True)).to_be_visible()
    row.get_by_role("button", name="Dismiss").click()
    expect(row).not_to_contain_text("refused")


def test_a_stronger_priority_is_told_before_one_writes(open_page: OpenPage, outputs: str) -> None:
    page = open_page(outputs)
    wait_until_live(page)
    name = "Outside air damper"
    dialog = open_dialog(page, name)
    dialog.get_by_text("Priority", exact=True).click()
    dialog.get_by_label("Priority", exact=True).select_option("5")
    dialog.get_by_label("Value").fill("40")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(row_of(page, name).get_by_text("confirmed")).to_be_visible()
    dialog = open_dialog(page, name)
    told = dialog.get_by_text("Priority 5 has the point: your 8 takes effect")
    expect(told).to_be_visible()
    expect(dialog.get_by_role("row", name="5 Critical equipment 40")).to_contain_text(
        "has the point"
    )
    dialog.get_by_text("Priority", exact=True).click()
    dialog.get_by_label("Priority", exact=True).select_option("3")
    expect(told).to_be_hidden()
    dialog.get_by_role("button", name="Read again").click()
    expect(dialog.get_by_text("Priorities as read at")).to_be_visible()
    dialog.get_by_role("button", name="Release to Auto").click()
    expect(dialog).to_be_hidden()


def test_an_input_goes_out_of_service_is_written_and_comes_back(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(f"/devices/{site.devices()[BOILERS]}/inputs/")
    wait_until_live(page)
    name = "Outside air temp"
    button = page.get_by_role("button", name=f"Write {name}")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Take out of service").click()
    expect(dialog).to_be_hidden()
    badge = row_of(page, name).locator("[data-point-badge]")
    expect(badge).to_have_text("Out of service")
    dialog = open_dialog(page, name)
    dialog.get_by_label("Value").fill("33")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(button.locator("[data-value]")).to_have_text("33.0")
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Put back in service").click()
    expect(badge).not_to_have_text("Out of service")
