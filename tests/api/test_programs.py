"""Programs: whatever is written is a version, which stays."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from devices.enums import Role
from devices.models import AuditEntry, Device
from t3000.models import Program, ProgramVersion
from tests.factories import make_device
from tests.sending import send, wrong

pytestmark = pytest.mark.django_db
CODE = bytes.fromhex("0600010a00090b02fe0000000000")


def text_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def make(client: Client, device: Device, index: int = 0, **members: Any) -> Any:
    made = send(client, "post", "programs", {"device": device.pk, "index": index, **members})
    assert made.status_code == 201, made.content
    return made.json()


def versions(client: Client, row: Any) -> list[Any]:
    response = client.get(f"/api/t3000/programs/{row['id']}/versions")
    assert response.status_code == 200
    return list(response.json()["results"])


def test_a_source_is_kept_and_has_no_code_until_it_is_compiled(
    engineer: Client, panel: Device
) -> None:
    row = make(engineer, panel, source="10 FAN = ON", note="first")
    assert (row["source"], row["code"], row["size"]) == ("10 FAN = ON", None, 0)
    assert (row["version"], row["state"]) == (1, "pending")
    (version,) = versions(engineer, row)
    assert version["origin"] == "typed"
    assert version["note"] == "first"
    assert version["username"] == ProgramVersion.objects.get().username
    assert AuditEntry.objects.filter(kind="program", action="create").count() == 1


def test_a_code_is_kept_whose_source_nobody_knows(engineer: Client, panel: Device) -> None:
    row = make(engineer, panel, code=text_of(CODE))
    assert (row["source"], row["code"], row["size"]) == ("", text_of(CODE), len(CODE))
    assert bytes(Program.objects.get().code) == CODE


def test_a_change_is_another_version_and_the_old_one_stays(engineer: Client, panel: Device) -> None:
    row = make(engineer, panel, source="10 REM one", code=text_of(CODE))
    path = f"programs/{row['id']}"
    two = send(engineer, "patch", path, {"source": "10 REM two", "note": "why"}).json()
    assert (two["code"], two["version"]) == (None, 2)
    three = send(engineer, "put", path, {**identity(row), "code": text_of(CODE)}).json()
    assert (three["source"], three["version"]) == ("", 3)
    found = versions(engineer, row)
    assert [one["number"] for one in found] == [3, 2, 1]
    assert [one["source"] for one in found] == ["", "10 REM two", "10 REM one"]
    assert [one["code"] for one in found] == [text_of(CODE), None, text_of(CODE)]
    one = engineer.get(f"/api/t3000/{path}/versions/1").json()
    assert one == found[2]
    assert engineer.get(f"/api/t3000/{path}/versions/9").status_code == 404


def identity(row: Any) -> dict[str, Any]:
    return {"device": row["device"], "index": row["index"]}


def test_what_is_no_change_of_the_program_is_no_version(engineer: Client, panel: Device) -> None:
    row = make(engineer, panel, source="10 REM", code=text_of(CODE))
    path = f"programs/{row['id']}"
    for change in ({"label": "P1"}, {"source": "10 REM"}, {"code": text_of(CODE)}):
        row = send(engineer, "patch", path, change).json()
        assert (row["source"], row["code"], row["version"]) == ("10 REM", text_of(CODE), 1)
    writable = (
        *("label", "description", "on_off", "auto_manual", "source", "code"),
        *identity(row),
    )
    row = send(engineer, "put", path, {name: row[name] for name in writable}).json()
    assert row["version"] == 1


@pytest.mark.parametrize(
    ("content", "source", "code"),
    [
        ("10 REM Lüfter\r\n20 FAN = ON\n".encode(), "10 REM Lüfter\r\n20 FAN = ON\n", None),
        (b"\xef\xbb\xbf10 REM", "10 REM", None),
        (CODE, "", text_of(CODE)),
        (b"\xff\xfe10", "", text_of(b"\xff\xfe10")),
    ],
)
def test_a_file_is_a_text_or_byte_code(
    engineer: Client, panel: Device, content: bytes, source: str, code: str | None
) -> None:
    row = make(engineer, panel, file=text_of(content), file_name="PRG1.txt")
    assert (row["source"], row["code"]) == (source, code)
    (version,) = versions(engineer, row)
    assert (version["origin"], version["note"]) == ("file", "PRG1.txt")


def test_many_programs_are_written_at_once(engineer: Client, panel: Device) -> None:
    old = make(engineer, panel, 0, source="10 REM")
    body = {
        "create": [
            {"device": panel.pk, "index": 1, "file": text_of(b"10 REM a"), "file_name": "a.txt"},
            {"device": panel.pk, "index": 2, "code": text_of(CODE), "note": "b"},
        ],
        "update": [{"id": old["id"], "source": "10 REM c"}],
    }
    answer = send(engineer, "post", "programs/bulk", body).json()
    assert [
        (one.program.index, one.number, one.origin, one.note, one.source)
        for one in ProgramVersion.objects.order_by("program__index", "number")
    ] == [
        (0, 1, "typed", "", "10 REM"),
        (0, 2, "typed", "", "10 REM c"),
        (1, 1, "file", "a.txt", "10 REM a"),
        (2, 1, "typed", "b", ""),
    ]
    assert send(engineer, "post", "programs/bulk", {"delete": answer["created"]}).status_code == 200
    assert ProgramVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"code": text_of(bytes(2001))}, "code", "2,001 bytes; there is room for 2,000"),
        ({"code": "no base64!"}, "code", "not base64"),
        ({"code": 7}, "code", "not base64"),
        ({"file": text_of(bytes(2001))}, "file", "there is room for 2,000"),
        ({"file": text_of(b"x" * 65_537)}, "file", "65,536 characters"),
        ({"file": text_of(CODE), "source": "10 REM"}, "file", "not both"),
        ({"file_name": "a.txt"}, "file_name", "give the file"),
        ({"source": "x" * 65_537}, "source", "65536"),
        ({"label": "TOOLONGLABEL"}, "label", "8"),
        ({"description": "x" * 21}, "description", "20"),
        ({"on_off": 2}, "on_off", "0 (Off), 1 (On)"),
        ({"index": 16}, "index", "has 16 programs: the index goes from 0 to 15"),
        ({"size": 5}, "size", "read only"),
    ],
)
def test_what_does_not_fit_is_told(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    found = wrong(send(engineer, "post", "programs", body))
    assert told in found[field]
    assert not Program.objects.exists()


def test_other_devices_have_any_number_of_programs(engineer: Client) -> None:
    assert make(engineer, make_device(), index=16)["index"] == 16


def test_a_program_stays_where_it_is(engineer: Client, panel: Device) -> None:
    row = make(engineer, panel)
    for change in ({"index": 1}, {"device": make_device(network=panel.network).pk}):
        refusal = wrong(send(engineer, "patch", f"programs/{row['id']}", change))
        assert "stays where it is" in refusal[next(iter(change))]


def test_names_are_used_once_in_a_panel(engineer: Client, panel: Device) -> None:
    make(engineer, panel, 0, label="FAN", description="Fan control")
    other = make(engineer, panel, 1, label="PUMP")
    path = f"programs/{other['id']}"
    assert (
        "program 1 has this label"
        in wrong(send(engineer, "patch", path, {"label": "fan"}))["label"]
    )
    same = wrong(send(engineer, "patch", path, {"description": "Fan control"}))
    assert "program 1 has this description" in same["description"]
    make(engineer, make_device(serial_number=4712), 0, label="FAN")
    make(engineer, make_device(), 0, label="A")
    twice = {"create": [{**identity(other), "index": n, "label": "X"} for n in (2, 3)]}
    found = wrong(send(engineer, "post", "programs/bulk", twice))
    assert found.keys() == {"create.0.label", "create.1.label"}
    first = Program.objects.get(device=panel, index=0)
    exchanged = [{"id": first.pk, "label": "PUMP"}, {"id": other["id"], "label": "FAN"}]
    assert send(engineer, "post", "programs/bulk", {"update": exchanged}).status_code == 200


def test_a_panel_keeps_an_emptied_program_and_its_versions(engineer: Client, panel: Device) -> None:
    row = make(engineer, panel, source="10 REM", code=text_of(CODE))
    Program.objects.filter(pk=row["id"]).update(held={"label": "OLD"}, state="in_sync")
    assert send(engineer, "delete", f"programs/{row['id']}").status_code == 204
    emptied = engineer.get(f"/api/t3000/programs/{row['id']}").json()
    assert (emptied["source"], emptied["code"], emptied["state"]) == ("", "", "pending")
    assert [one["note"] for one in versions(engineer, row)] == ["Cleared.", ""]


def test_another_device_s_program_goes_with_its_versions(engineer: Client) -> None:
    row = make(engineer, make_device(), code=text_of(CODE))
    assert send(engineer, "delete", f"programs/{row['id']}").status_code == 204
    assert not Program.objects.exists()
    assert not ProgramVersion.objects.exists()


def test_versions_are_never_changed(engineer: Client, panel: Device) -> None:
    make(engineer, panel, source="10 REM")
    version = ProgramVersion.objects.get()
    with pytest.raises(TypeError):
        ProgramVersion.objects.update(note="x")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        version.save()
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute("update t3000_programversion set note='x'")


def test_what_the_panel_holds_is_in_sync(panel: Device) -> None:
    program = Program(device=panel, index=0)
    held = {**program.wanted(), "code": text_of(CODE), "label": "FAN"}
    program.take_over(held)
    program.save()
    program.refresh_from_db()
    assert (bytes(program.code), program.label, program.state) == (CODE, "FAN", "in_sync")
    program.source = "10 REM"
    program.settle({"source"})
    assert program.state == "in_sync"  # the panel does not hold it
    program.code = None
    program.settle({"code"})
    assert program.state == "pending"


def test_versions_are_told_at_their_site_only(
    engineer: Client, panel: Device, program: Callable[..., Client]
) -> None:
    row = make(engineer, panel, source="10 REM")
    stranger = program(Role.ADMINISTRATOR, make_device().network.site)
    for path in ("versions", "versions/1"):
        assert stranger.get(f"/api/t3000/programs/{row['id']}/{path}").status_code == 404
    assert engineer.get("/api/t3000/programs/999999/versions").status_code == 404
    posted = send(engineer, "post", f"programs/{row['id']}/versions", {})
    assert posted.status_code == 405
