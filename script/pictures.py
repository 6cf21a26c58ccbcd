"""Pictures of every page into build/screenshots/: a site with the simulated building and an empty
one are served from a folder that is thrown away, and looked at with the system's Chromium."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "screenshots"
PASSWORD = "only-for-these-pictures"  # noqa: S105  of a site that is thrown away
PATIENCE = 30.0
WEATHER_STATION = "127.0.0.15"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# By name: the size, whether it is a phone's, and the theme.
LOOKS = {
    "{}-light": (DESK, False, "light"),
    "{}-dark": (DESK, False, "dark"),
    "phone-{}-light": (PHONE, True, "light"),
    "phone-{}-dark": (PHONE, True, "dark"),
}
OTHER_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


@dataclass
class Served:
    """A site that is being served."""

    process: "subprocess.Popen[bytes]"
    url: str
    folder: Path

    @property
    def devices(self) -> list[psutil.Process]:
        """The processes of its simulated devices."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if any("spawn_main" in word for word in one.cmdline())]

    def cut_power(self, address: str) -> None:
        """Ends a simulated device without a word."""
        for device in self.devices:
            if any(one.laddr.ip == address for one in device.net_connections("inet")):
                device.kill()

    def widen(self, label: str) -> None:
        """Lets us ask for more than the device takes, so that it is the device that refuses."""
        with sqlite3.connect(self.folder / "t3000.sqlite3", timeout=PATIENCE) as database:
            database.execute("UPDATE t3000_point SET high = 1000 WHERE label = ?", (label,))


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--port", str(port), *options]
    environment = {
        **os.environ,
        "T3000_DATA_DIR": str(folder),
        "T3000_ADMIN_PASSWORD": PASSWORD,
        "PYTHONUNBUFFERED": "1",
    }
    folder.mkdir()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "Serving on" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"script/screenshots: the site did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield Served(process, f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        process.wait()


class Camera:
    """One look at a site. Pages are named by what is on them."""

    def __init__(self, browser: Browser, site: Served, look: str) -> None:
        size, is_phone, theme = LOOKS[look]
        self.site = site
        self.look = look
        self.browser = browser
        self.context: BrowserContext = browser.new_context(
            base_url=site.url,
            viewport=size,  # type: ignore[arg-type]  # a TypedDict
            color_scheme=theme,  # type: ignore[arg-type]  # a literal
            has_touch=is_phone,
            is_mobile=is_phone,
            device_scale_factor=2 if is_phone else 1,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page: Page = self.context.new_page()

    def shoot(self, name: str) -> None:
        path = OUTPUT / f"{self.look.format(name)}.png"
        self.page.screenshot(path=path, animations="disabled")
        print(path.relative_to(ROOT), flush=True)

    def open(self, path: str, name: str) -> None:
        self.page.goto(path)
        if self.page.locator("[data-live-page]").count():
            self.page.wait_for_selector("html[data-live='live']")
            self.page.wait_for_timeout(600)  # the first paint of what the socket brought
        self.shoot(name)

    def sign_in(self) -> None:
        self.page.fill("[name=username]", "admin")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button:has-text('Sign in')")
        self.page.wait_for_selector("[data-live-page]")

    def wait_for_devices(self) -> None:
        """Until all are found and have answered; the list refreshes itself meanwhile."""
        self.page.goto("/devices/")
        self.page.wait_for_selector("tr[data-device]")
        for trouble in (".turning", "tr[data-device]:not([data-device-state=online])"):
            self.page.locator(trouble).first.wait_for(state="detached")

    def device(self, name: str) -> str:
        """The address of a device's page."""
        self.page.goto("/devices/")
        link = self.page.locator(f"a:has-text('{name}')").first
        return str(link.get_attribute("href"))

    def row(self, label: str) -> str:
        """The row of a point, by its short label."""
        return f"tr[data-filter-row$=' {label}']"

    def open_dialog(self, label: str) -> None:
        self.page.click(f"{self.row(label)} button[data-writes]")
        self.page.wait_for_selector("dialog[open] form")

    def wait_for_values(self) -> None:
        """Until every row of the page has one that can be trusted."""
        self.page.wait_for_selector("tr[data-point]")
        bad = "tr[data-point]:not([data-state=normal]):not([data-state=manual])"
        self.page.locator(bad).first.wait_for(state="detached")

    def write(self, label: str, value: str, note: str = "") -> None:
        self.open_dialog(label)
        self.page.fill("#write-value", value)
        self.page.fill("[name=note]", note)
        self.page.click("dialog button:has-text('Write')")

    def wait_for_command(self, label: str, state: str) -> None:
        self.page.wait_for_selector(f"{self.row(label)} [data-command-state='{state}']")


def picture_login(camera: Camera) -> None:
    camera.open("/login/", "login")
    camera.page.fill("[name=username]", "admin")
    camera.page.fill("[name=password]", "wrong")
    camera.page.click("button:has-text('Sign in')")
    camera.page.wait_for_selector(".login-error")
    camera.shoot("login-refused")
    camera.sign_in()
    camera.wait_for_devices()


def picture_pages(camera: Camera) -> None:
    camera.wait_for_devices()
    camera.open("/devices/", "devices")
    camera.open("/networks/new", "network-form")
    camera.page.fill("[name=name]", "Plant")
    camera.page.fill("[name=port]", "70000")
    camera.page.fill("[name=interface]", "10.0.0.300/24")
    camera.page.click("button:has-text('Add and look')")
    camera.page.wait_for_selector(".form-error")
    camera.shoot("network-form-refused")
    camera.open("/networks/1/", "network-search")
    device = camera.device("AHU-1")
    camera.open(f"{device}profile/", "device-profile")
    camera.open(f"{device}objects/", "device-objects")
    camera.open("/nowhere/", "not-found")
    answer = camera.context.request.get("/api/docs/")
    if answer.ok:
        camera.page.goto("/api/docs/")
        camera.page.locator(".swagger-ui .opblock").first.wait_for(state="visible")
        camera.page.locator(".loading-container").first.wait_for(state="detached")
        camera.shoot("api-docs")
    camera.page.goto("/")
    camera.page.click("[popovertarget=user-menu]")
    camera.shoot("user-menu")


def picture_account(camera: Camera) -> None:
    """Another browser is signed in, and there are tokens: one that ends, one that does not."""
    other = camera.browser.new_context(base_url=camera.site.url, user_agent=OTHER_BROWSER)
    page = other.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_selector("[data-live-page]")
    other.close()
    camera.open("/account/", "account")
    camera.page.fill("[name=name]", "Energy report")
    camera.page.click("button:has-text('Make a token')")
    camera.page.wait_for_selector("#made-token")
    camera.shoot("account-token-made")
    camera.page.fill("[name=name]", "Night watch of the plant room")
    camera.page.select_option("[name=days]", "")
    camera.page.click("button:has-text('Make a token')")
    camera.page.wait_for_selector("tr:has-text('when revoked')")
    camera.page.fill("[name=current]", "wrong")
    camera.page.fill("[name=new]", "secret")
    camera.page.fill("[name=again]", "secrets")
    camera.page.click("button:has-text('Change password')")
    camera.page.wait_for_selector(".form-error")
    camera.shoot("account-refused")
    camera.page.click("button:has-text('Revoke') >> nth=0")
    camera.shoot("account-revoke")
    camera.page.keyboard.press("Escape")


def picture_accounts(camera: Camera) -> None:
    camera.open("/accounts/new", "accounts-form")
    camera.page.fill("[name=username]", "anna")
    camera.page.fill("[name=password]", "secret")
    camera.page.click("button:has-text('Add the account')")
    camera.page.wait_for_selector(".form-error")
    camera.shoot("accounts-form-refused")
    camera.page.fill("[name=password]", PASSWORD)
    camera.page.locator(".role-row select").first.select_option(label="Operator")
    camera.page.click("button:has-text('Add the account')")
    camera.page.wait_for_selector(".accounts-table")
    camera.shoot("accounts")
    camera.page.click("a:has-text('admin')")
    camera.page.wait_for_selector(".account-sessions")
    camera.shoot("accounts-edit")


def picture_changes(camera: Camera) -> None:
    camera.open("/changes/", "changes")
    camera.open("/changes/?what=nothing-of-this-name", "changes-none-found")


def picture_device(camera: Camera) -> None:
    device = camera.device("AHU-1")
    camera.page.goto(device)
    camera.wait_for_values()
    camera.open(device, "device-inputs")
    camera.open(f"{device}variables/", "device-variables")
    camera.open_dialog("AHU-MODE")
    camera.shoot("write-state")
    camera.page.keyboard.press("Escape")
    camera.open(f"{device}outputs/", "device-outputs")
    camera.open_dialog("HC-VLV")
    camera.shoot("write-number")
    camera.page.fill("#write-value", "140")
    camera.page.click("dialog summary")
    camera.page.click("dialog button:has-text('Write')")
    camera.page.wait_for_selector("dialog .form-error:visible")
    camera.shoot("write-out-of-range")
    camera.page.keyboard.press("Escape")
    camera.open(f"{camera.device('Tenant east')}outputs/", "modbus-outputs")
    camera.site.cut_power(WEATHER_STATION)  # it is offline when its picture is due


def picture_commands(camera: Camera) -> None:
    """Held, refused by the device, pending, and of unknown end; and a device that is gone."""
    camera.page.goto(f"{camera.device('AHU-1')}outputs/")
    camera.page.wait_for_selector("html[data-live='live']")
    camera.write("OA-DMP", "55", "Frost test of coil 2, do not release")
    camera.wait_for_command("OA-DMP", "confirmed")
    camera.shoot("command-confirmed")
    camera.site.widen("RA-DMP")
    camera.write("RA-DMP", "140")
    camera.wait_for_command("RA-DMP", "refused")
    for device in camera.site.devices:
        device.suspend()
    camera.write("SF-SPD", "40")
    camera.wait_for_command("SF-SPD", "pending")
    camera.shoot("command-pending-and-refused")
    camera.wait_for_command("SF-SPD", "unknown-end")
    camera.shoot("command-unknown")
    for device in camera.site.devices:
        device.resume()
    camera.page.wait_for_selector("[data-device-state='online']")
    camera.open_dialog("OA-DMP")
    camera.shoot("write-held")
    camera.page.keyboard.press("Escape")
    camera.open(f"{camera.device('AHU-1')}outputs/", "point-held")
    weather = camera.device("Weather station")
    camera.page.goto(weather)
    camera.page.wait_for_selector("header[data-device-state='offline'] .banner")
    camera.open(weather, "device-offline")
    camera.open("/", "overview")


def picture_lost_link(camera: Camera) -> None:
    """The link breaks while a dialog is open, and does not come back."""
    routes: list[WebSocketRoute] = []

    def pass_on(route: WebSocketRoute) -> None:
        if not routes:
            route.connect_to_server()
            routes.append(route)
        else:
            route.close()

    outputs = f"{camera.device('AHU-1')}outputs/"
    camera.page.route_web_socket(re.compile("/ws/live$"), pass_on)
    camera.page.goto(outputs)
    camera.page.wait_for_selector("html[data-live='live']")
    camera.open_dialog("OA-DMP")
    routes[0].close()
    camera.page.wait_for_selector("[data-write-blocked]:visible")
    camera.shoot("write-link-lost")
    camera.page.keyboard.press("Escape")
    camera.shoot("link-lost")


PICTURES: list[Callable[[Camera], None]] = [
    picture_login,
    picture_pages,
    picture_account,
    picture_accounts,
    picture_device,
    picture_commands,
    picture_changes,
    picture_lost_link,
]


def main() -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory(prefix="t3000-pictures-") as folder,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=FLAGS, timeout=PATIENCE * 1000
        )
        for number, look in enumerate(LOOKS):
            with served(
                Path(folder, f"demo{number}"), "--demo-port", str(31000 + 10 * number)
            ) as site:
                camera = Camera(browser, site, look)
                camera.page.goto("/login/")
                for picture in PICTURES:
                    picture(camera)
                camera.context.close()
            with served(Path(folder, f"empty{number}"), "--no-demo") as site:
                camera = Camera(browser, site, look)
                camera.page.goto("/login/")
                camera.sign_in()
                camera.open("/", "empty-overview")
                camera.open("/devices/", "empty-devices")
                camera.context.close()
        browser.close()


if __name__ == "__main__":
    main()
