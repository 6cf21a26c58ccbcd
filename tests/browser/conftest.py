"""A browser on a running site: the system's Chromium, driven by playwright.

Playwright's loop runs in the thread of the tests as long as it is started, and no other loop can
run there meanwhile: hence a browser for each module, and whatever is awaited is so in a thread.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from tests.site import PASSWORD, ROOT, Site, running_site

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000.0  # ms
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {
    "desk, light": {**DESK, "color_scheme": "light"},
    "desk, dark": {**DESK, "color_scheme": "dark"},
    "phone, light": {**PHONE, "color_scheme": "light"},
    "phone, dark": {**PHONE, "color_scheme": "dark"},
}


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


def why_not() -> str:
    if sys.platform != "linux":
        return "finds the simulated devices by /proc"
    if find_chromium() is None:
        return "no Chromium was found; install one, or name it: CHROMIUM=/path/to/chromium"
    if not (ROOT / "build" / "static" / "staticfiles.json").is_file():
        return "the front end is not built; script/test builds it"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    for item in items:
        if reason and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield made
        made.close()


@dataclass
class Watch:
    """What a page must not do: ask another host, fail, or complain in the console. A refusal that
    a test provokes is a complaint of the browser's, too: allow its status."""

    host: str
    allowed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def allow(self, status: int) -> None:
        self.allowed.append(f"status of {status}")

    def follow(self, context: BrowserContext) -> None:
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))

    def _request(self, request: Request) -> None:
        if not re.match(rf"(http|ws)://{re.escape(self.host)}/|data:", request.url):
            self.wrong.append(f"asks for {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        is_bad = message.type in ("error", "warning")
        if is_bad and not any(words in message.text for words in self.allowed):
            self.wrong.append(f"console: {message.text}")


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    made = Watch(site.url.removeprefix("http://"))
    yield made
    assert made.wrong == []


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(site: Site, browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Opens a page with a look; as the administrator unless `stranger`."""
    contexts = []

    def start(path: str, look: str = "desk, light", *, stranger: bool = False) -> Page:
        context = browser.new_context(base_url=site.url, **LOOKS[look])
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        watch.follow(context)
        if not stranger:
            context.add_cookies(
                [
                    {"name": one.name, "value": one.value or "", "url": site.url}
                    for one in site.cookies
                ]
            )
        page = context.new_page()
        page.goto(path)
        return page

    yield start
    for context in contexts:
        context.close()


def wait_until_live(page: Page) -> None:
    page.wait_for_selector("html[data-live=live]")


def sign_in(page: Page) -> None:
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def awaited(made: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """The result of a coroutine, from a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(made())).result()
