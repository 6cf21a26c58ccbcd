"""My account in a browser: a session that is ended elsewhere, and a token that opens the API."""

import urllib.request

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, sign_in, wait_until_live
from tests.site import Site


def test_a_session_is_ended_from_another_browser(open_page: OpenPage) -> None:
    other = open_page("/devices/", stranger=True)
    sign_in(other)
    wait_until_live(other)
    page = open_page("/account/", stranger=True)
    sign_in(page)
    wait_until_live(page)
    expect(page.get_by_role("row").filter(has_text="This browser")).to_have_count(1)
    known = page.get_by_role("button", name="End the session of").count()
    assert known >= 1
    page.get_by_role("button", name="End the session of").first.click()
    expect(page.locator(".notice")).to_contain_text("The session is ended.")
    expect(page.get_by_role("button", name="End the session of")).to_have_count(known - 1)
    other.wait_for_url("**/login/?ended=1&next=%2Fdevices%2F")
    expect(other.get_by_text("Your session was ended or has run out.")).to_be_visible()
    sign_in(other)
    other.wait_for_url("**/devices/")


def test_a_token_is_made_used_and_revoked(site: Site, open_page: OpenPage) -> None:
    page = open_page("/account/")
    page.get_by_label("For which program").fill("Energy report")
    page.get_by_label("Holds for").select_option("7 days")
    page.get_by_role("button", name="Make a token").click()
    shown = page.get_by_label("Copy it now")
    expect(shown).to_be_focused()
    request = urllib.request.Request(
        f"{site.url}/api/t3000/sites", headers={"Authorization": f"Token {shown.input_value()}"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert answer.status == 200
    page.goto("/account/")
    row = page.get_by_role("row").filter(has_text="Energy report")
    expect(row).to_contain_text("from 127.0.0.1")
    row.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog", name="Revoke Energy report?")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    row.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.locator(".notice")).to_contain_text("Energy report is revoked")
    expect(row).to_have_count(0)


def test_the_page_is_as_wide_as_the_others(open_page: OpenPage) -> None:
    page = open_page("/account/")
    ends = []
    for path, part in (("/account/", ".account-lists"), ("/changes/", ".card")):
        page.goto(path)
        ends.append(page.locator(part).evaluate("(part) => part.getBoundingClientRect().right"))
    assert ends[0] == ends[1]
