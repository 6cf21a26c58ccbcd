"""Pages: who may see them, what they say, and that a longer list costs no more queries."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from devices.enums import CommandState, LinkState, Role, SyncState
from devices.models import Building, Device, Network, ProductModel
from protocols.types import Quality
from tests.factories import (
    NOW,
    make_command,
    make_device,
    make_network,
    make_panel,
    make_point,
    make_room,
    make_site,
    make_user,
    make_value,
)

pytestmark = pytest.mark.django_db
OPEN_TO_ALL = {"login", "healthz"}


@pytest.fixture
def operator(client: Client) -> Client:
    user = make_user("operator", role=Role.OPERATOR)
    client.force_login(user)
    return client


def building(devices: int = 3) -> None:
    """Devices of every state with points of every quality."""
    now = timezone.now()
    states = [LinkState.ONLINE, LinkState.OFFLINE, LinkState.UNKNOWN]
    network = make_network()
    for number in range(devices):
        state = states[number % 3]
        link = {"state": state, "last_seen_at": now, "since": now, "problem": "no answer"}
        device = make_device(network=network, link=link, room=make_room(network.site))
        for kind in ("input", "output", "variable"):
            for quality in Quality:
                make_value(make_point(device, kind=kind), 21.5, quality=quality, time=now)
            make_point(device, kind=kind)  # never read
        for state in CommandState:
            point = make_point(device, kind="output", writable=True, commandable=True)
            make_value(point, 21.5, time=now)
            make_command(device, point=point.address, state=state)


@pytest.mark.parametrize(("problem", "told"), [("no answer", 0), ("nobody is at home", 1)])
def test_silence_is_told_once(operator: Client, problem: str, told: int) -> None:
    since = timezone.now()
    link = {"state": LinkState.OFFLINE, "last_seen_at": since, "since": since, "problem": problem}
    device = make_device(link=link)
    for path in ("/", f"/devices/{device.pk}/"):
        page = operator.get(path).content.decode()
        assert "oes not answer</" in page
        assert page.count(problem) == told


def urls() -> list[Any]:
    patterns = get_resolver().url_patterns
    pages = [one for one in patterns if not str(one.pattern).lstrip("^").startswith("api")]
    return [pattern for pattern in pages if pattern.name not in OPEN_TO_ALL]


@pytest.mark.parametrize("pattern", urls(), ids=lambda pattern: pattern.name)
def test_every_page_needs_a_login(client: Client, pattern: Any) -> None:
    path = "/" + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
    for response in (client.get(path), client.post(path)):
        assert response.status_code in (302, 403)
        if response.status_code == 302:
            assert response["Location"].startswith("/login/")


PAGES = ["/", "/devices/", "/devices/{id}/", "/devices/{id}/outputs/", "/devices/{id}/variables/"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_every_state_without_inline_script_or_style(operator: Client, page: str) -> None:
    building()
    device_id = Network.objects.get().devices.first().pk  # type: ignore[union-attr]
    response = operator.get(page.format(id=device_id))
    html = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("page", PAGES)
def test_pages_make_as_many_queries_for_one_device_as_for_many(
    operator: Client, page: str, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for devices in (3, 12):
        Device.objects.all().delete()
        Network.objects.all().delete()
        building(devices)
        device_id = Network.objects.get().devices.first().pk  # type: ignore[union-attr]
        with django_assert_max_num_queries(25) as captured:
            operator.get(page.format(id=device_id))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_an_empty_site_says_what_to_do_next(operator: Client) -> None:
    for page in ("/", "/devices/"):
        assert "No devices yet" in operator.get(page).content.decode()


def first_row(html: str) -> str:
    row = re.search(r"<tr[^>]*data-point.*?</tr>", html, re.DOTALL)
    assert row is not None
    return row[0]


def test_an_old_value_is_shown_as_stale(operator: Client) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    device = make_device(link={"last_seen_at": long_ago})
    make_value(make_point(device), 21.5, time=long_ago)
    html = operator.get(f"/devices/{device.pk}/").content.decode()
    row = first_row(html)
    assert "Stale" in row
    assert 'data-quality="2"' in row


@pytest.mark.parametrize(
    ("state", "word", "faults"),
    [
        (LinkState.UNKNOWN, "Not read yet", 0),
        (LinkState.ONLINE, "No answer", 1),
        (LinkState.OFFLINE, "No answer", 0),  # the device is the matter
    ],
)
def test_a_point_of_a_device_that_was_not_asked_yet_is_no_fault(
    operator: Client, state: LinkState, word: str, faults: int
) -> None:
    device = make_device(link={"state": state, "last_seen_at": None})
    make_point(device)
    html = operator.get(f"/devices/{device.pk}/").content.decode()
    assert f"<span>{word}</span>" in first_row(html)
    assert '<time data-moment="">\N{EN DASH}</time>' in first_row(html)
    assert re.search(rf"Fault <span data-filter-count>{faults}<", html)
    assert 'data-badge="not-read"' in html.partition("<template data-badges>")[2]
    assert word in operator.get("/").content.decode().partition("<template data-badges>")[0]


def test_what_was_not_read_yet_needs_no_attention(operator: Client) -> None:
    for state in (LinkState.UNKNOWN, LinkState.ONLINE):
        device = make_device(name=state, link={"state": state})
        make_value(make_point(device, kind="output"), None, quality=Quality.COMM)
    html = operator.get("/").content.decode()
    listed = re.findall(r"<tr id=\"attention-point.*?</tr>", html, re.DOTALL)
    assert ["online" in row for row in listed] == [True]


def test_fragments_tell_how_many_devices_there_are(operator: Client) -> None:
    for count in (0, 1):
        for page in ("/", "/devices/"):
            html = operator.get(page, headers={"HX-Request": "true"}).content.decode()
            assert f'data-devices-shown="{count}"' in html
        make_device()


def test_text_of_a_device_is_escaped(operator: Client) -> None:
    device = make_device(name="<script>alert(1)</script>")
    make_point(device, label="<img src=x>", description="<b>x</b>", units='"><i>')
    for page in ("/", "/devices/", f"/devices/{device.pk}/"):
        html = operator.get(page).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x>" not in html
        assert "<b>x</b>" not in html
        assert '"><i>' not in html


@pytest.mark.parametrize("path", ["/devices/999999/", "/devices/1/nonsense/", "/nowhere/"])
def test_what_does_not_exist_is_404(operator: Client, path: str) -> None:
    assert operator.get(path).status_code == 404


def test_reading_pages_refuse_other_methods(operator: Client) -> None:
    assert operator.post("/devices/").status_code == 405


def test_discovery_needs_the_right(operator: Client) -> None:
    network = make_network()
    assert operator.post("/devices/discover").status_code == 403
    network.refresh_from_db()
    assert network.discovery_due_at is None


def test_discovery_is_planned_for_networks_in_use(client: Client) -> None:
    used, unused = make_network(), make_network(enabled=False)
    client.force_login(make_user(is_superuser=True))
    assert client.get("/devices/discover").status_code == 405
    assert client.post("/devices/discover").status_code == 302
    used.refresh_from_db()
    unused.refresh_from_db()
    assert used.discovery_due_at is not None
    assert unused.discovery_due_at is None


def test_login_goes_on_to_the_page_asked_for_and_to_no_other_site(client: Client) -> None:
    make_user("jb")
    answer = {"username": "jb", "password": "correct-horse-battery"}
    response = client.post("/login/?next=/devices/", {**answer, "next": "/devices/"})
    assert response["Location"] == "/devices/"
    client.logout()
    response = client.post("/login/", {**answer, "next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_a_wrong_password_says_no_more_than_that(client: Client) -> None:
    make_user("jb")
    known = client.post("/login/", {"username": "jb", "password": "mistyped"}).content.decode()
    unknown = client.post("/login/", {"username": "xx", "password": "mistyped"}).content.decode()
    assert known.replace('value="jb"', "").count("alert") == unknown.count("alert")
    assert "User name or password is wrong." in known
    assert "mistyped" not in known
    assert re.sub("jb|xx|csrf.*?>", "", known) == re.sub("jb|xx|csrf.*?>", "", unknown)


def test_sign_out_is_a_post(operator: Client) -> None:
    assert operator.get("/logout/").status_code == 405
    assert operator.post("/logout/").status_code == 302
    assert operator.get("/").status_code == 302


def test_a_doubt_about_who_a_device_is_is_told_on_its_page(operator: Client) -> None:
    device = make_device(conflict="Its serial number 7 answers at 10.0.0.9, too.")
    page = operator.get(f"/devices/{device.pk}/").content.decode()
    assert "is in doubt" in page
    assert device.conflict in page
    sound = operator.get(f"/devices/{make_device().pk}/").content.decode()
    assert "is in doubt" not in sound


def test_private_variables_have_a_tab_where_there_are_any(client: Client) -> None:
    client.force_login(make_user())
    point = make_point(make_device(), kind="pvar", label="SECRET")
    other = make_point(make_device())
    assert "Private variables" not in client.get(f"/devices/{other.device_id}/").content.decode()
    page = client.get(f"/devices/{point.device_id}/private-variables/").content.decode()
    assert "Private variables of" in page
    assert "SECRET" in page


@pytest.mark.parametrize(("seen", "told"), [(None, "has not answered yet"), (NOW, "lists none")])
def test_of_a_device_that_was_never_read_it_is_not_said_that_it_has_no_points(
    operator: Client, seen: Any, told: str
) -> None:
    device = make_device(name="Later", link={"last_seen_at": seen})
    html = operator.get(f"/devices/{device.pk}/").content.decode()
    assert f"Later {told}" in html


def test_with_several_sites_every_page_says_which_one_a_device_is_of(client: Client) -> None:
    client.force_login(make_user(role=Role.ADMINISTRATOR))
    room = make_room(make_site(name="Harbour"), name="Plant room")
    hall = room.floor.building
    Building.objects.create(site=hall.site, name="Other hall")
    device = make_device(network=make_network(site=hall.site), room=room)
    point = make_point(device, kind="output", writable=True, held={})
    place = f"Plant room, Floor 1, {hall.name}"
    pages = ["/", "/devices/", f"/devices/{device.pk}/", f"/points/{point.pk}/write"]
    pages = {page: {"headers": {"HX-Request": "true"}} if "write" in page else {} for page in pages}
    for page, options in pages.items():
        html = client.get(page, **options).content.decode()
        assert place in html
        assert f"{place}, Harbour" not in html
    make_site(name="Airport")
    for page, options in pages.items():
        assert f"{place}, Harbour" in client.get(page, **options).content.decode()
    assert "<li>Harbour</li>" in client.get(f"/devices/{device.pk}/").content.decode()
    assert "at Harbour" in client.get("/changes/").content.decode()


def test_a_panel_that_never_answered_is_told_by_what_is_known_of_it(operator: Client) -> None:
    product = ProductModel.objects.create(number=251, name="T3-TB-22i")
    device = make_device(serial_number=237_201, product=product)
    html = operator.get(f"/devices/{device.pk}/").content.decode()
    assert "<li>T3-TB-22i</li>" in html
    assert '<span class="quiet">Serial</span> 237201' in html
    assert "T3-TB-22i" in operator.get("/devices/").content.decode()


HELD = {"label": "OA-T", "description": "Outdoor air", "units": "°C", "low": None}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"label": "RENAMED", "description": "by me"}, "Wanted: label RENAMED, description by me"),
        ({"label": "", "description": ""}, "Wanted: no label, no description"),
        ({"low": 3.5}, "Wanted: low 3.5"),
        ({"units": "°F"}, "Wanted: units °F"),
    ],
)
def test_what_the_device_holds_is_shown_and_what_waits_is_marked(
    operator: Client, values: dict[str, Any], wanted: str
) -> None:
    point = make_point(**{**HELD, **values}, held=HELD, state=SyncState.PENDING)
    for page in (f"/devices/{point.device_id}/", "/"):
        html = operator.get(page).content.decode()
        assert "Outdoor air" in html
        assert "by me</" not in html
    row = first_row(operator.get(f"/devices/{point.device_id}/").content.decode())
    assert f'<span class="sync" title="{wanted}">Pending</span>' in row
    assert '<td class="wide label">OA-T</td>' in row
    assert '<td class="wide units">°C</td>' in row


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"held": HELD, "state": "in_sync"}, None),
        ({"state": "pending"}, ("Pending", "Wanted; its device was not read to have it")),
        (
            {"held": {"range": 3}, "range": 4, "state": "refused", "problem": "Not allowed"},
            ("Refused", "Not allowed. Wanted: range 4"),
        ),
    ],
)
def test_a_mark_says_how_a_point_stands(
    operator: Client, fields: dict[str, Any], mark: tuple[str, str] | None
) -> None:
    point = make_point(make_panel(), **{**HELD, **fields})
    row = first_row(operator.get(f"/devices/{point.device_id}/").content.decode())
    found = re.search(r'class="sync" title="([^"]*)">([^<]*)<', row)
    assert (found and (found[2], found[1])) == mark
