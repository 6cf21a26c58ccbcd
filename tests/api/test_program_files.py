"""Programs that are sent as files, as browsers and curl send them."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from devices.enums import Role
from devices.models import Device
from t3000.models import Program, ProgramVersion
from tests.factories import make_user
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db
SOURCE = b"10 REM 7\r\n20 FAN = ON\r\n"
CODE = bytes.fromhex("0600010a00090b02fe0000000000")


def send_form(client: Client, method: str, path: str, **members: Any) -> Any:
    body = encode_multipart(BOUNDARY, members)
    return client.generic(method, f"{API}/{path}", body, content_type=MULTIPART_CONTENT)


def file_of(content: bytes, name: str = "AHU 1.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_file_makes_a_program(engineer: Client, panel: Device) -> None:
    made = send_form(
        engineer, "POST", "programs",
        device=panel.pk, index=2, label="12", note="as built", file=file_of(SOURCE),
    )  # fmt: skip
    assert made.status_code == 201, made.content
    assert (made.json()["source"], made.json()["label"]) == (SOURCE.decode(), "12")
    version = ProgramVersion.objects.get()
    assert (version.origin, version.note) == ("file", "as built")


def test_a_file_is_another_version(engineer: Client, panel: Device) -> None:
    row = send(engineer, "post", "programs", {"device": panel.pk, "index": 0, "label": "A"}).json()
    path = f"programs/{row['id']}"
    changed = send_form(engineer, "PATCH", path, file=file_of(CODE, "x" * 300))
    assert changed.status_code == 200, changed.content
    assert (changed.json()["size"], changed.json()["label"]) == (len(CODE), "A")
    assert ProgramVersion.objects.order_by("number").last().note == "x" * 100  # type: ignore[union-attr]


def test_a_form_that_is_sent_again_makes_no_second_program(engineer: Client, panel: Device) -> None:
    for _ in range(2):
        made = engineer.post(
            f"{API}/programs",
            {"device": panel.pk, "index": 0, "file": file_of(SOURCE)},
            headers={"Idempotency-Key": "one"},
        )
        assert made.status_code == 201, made.content
    assert ProgramVersion.objects.count() == 1


def test_a_browser_sends_its_proof_beside_the_form(panel: Device) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(role=Role.ENGINEER))
    form = {"device": panel.pk, "index": 0}
    refused = browser.post(f"{API}/programs", {**form, "file": file_of(SOURCE)})
    assert refused.status_code == 403
    browser.get("/account/")
    proof = {"X-CSRFToken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    made = browser.post(f"{API}/programs", {**form, "file": file_of(SOURCE)}, headers=proof)
    assert made.status_code == 201, made.content
    assert made.json()["source"] == SOURCE.decode()


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"device": "none", "index": 0, "file": file_of(SOURCE)}, "device", "number"),
        ({"index": 0, "file": file_of(SOURCE)}, "device", "required"),
        ({"index": 0, "colour": "red", "file": file_of(SOURCE)}, "colour", "no such member"),
        ({"index": 0, "source": file_of(SOURCE)}, "source", "sent as file"),
        ({"index": 0, "file": file_of(b" " * 262_145)}, "file", "262,144"),
        ({"index": 0, "file": file_of(b"\xff" * 2001)}, "file", "2,000"),
        ({"index": 0, "source": "10 REM", "file": file_of(SOURCE)}, "file", "not both"),
    ],
)
def test_what_is_wrong_with_a_form_is_told(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    with_device = {} if told == "required" else {"device": panel.pk}
    for one in members.values():
        if isinstance(one, SimpleUploadedFile):
            one.seek(0)
    found = wrong(send_form(engineer, "POST", "programs", **{**with_device, **members}))
    assert told in found[field]
    assert not Program.objects.exists()


@pytest.mark.parametrize("path", ["programs/bulk", "pid-loops"])
def test_where_no_file_is_taken_a_form_is_refused(engineer: Client, path: str) -> None:
    answer = send_form(engineer, "POST", path, file=file_of(SOURCE))
    assert answer.status_code == 415
    assert "application/json is taken here" in answer.json()["detail"]
