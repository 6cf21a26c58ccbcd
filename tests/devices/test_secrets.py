"""Secrets at rest: what the database holds, and who is told."""

import copy
import json
import pickle
from typing import Any

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.forms import modelform_factory

from devices.models import AuditEntry, Secret
from tests.sealed.models import Safe
from tests.sealed.safes import TEXT, everywhere, in_database, make_safe, revealed

pytestmark = pytest.mark.django_db


# What is stored


def test_the_database_does_not_know_the_text() -> None:
    make_safe(pin="4711")
    (stored,) = in_database()
    assert "hunter2" not in stored
    assert "4711" not in in_database("pin")[0]
    found = Safe.objects.get()
    assert found.password.reveal() == TEXT
    assert found.pin.reveal() == "4711"


def test_the_same_text_is_never_stored_alike() -> None:
    make_safe()
    make_safe()
    assert len(set(in_database())) == 2


def test_nothing_is_stored_of_nothing() -> None:
    make_safe("")
    assert in_database() == [""]
    assert in_database("pin") == [None]
    found = Safe.objects.get()
    assert not found.password
    assert found.password.reveal() == ""
    assert found.pin is None


@pytest.mark.parametrize("way", ["save", "update", "bulk_create", "bulk_update"])
def test_every_way_to_store_it_encrypts(way: str) -> None:
    safe = make_safe("old")
    if way == "save":
        safe.password = TEXT
        safe.save()
    elif way == "update":
        Safe.objects.update(password=TEXT)
    elif way == "bulk_create":
        Safe.objects.all().delete()
        Safe.objects.bulk_create([Safe(name="south", password=TEXT)])
    else:
        safe.password = TEXT
        Safe.objects.bulk_update([safe], ["password"])
    assert "hunter2" not in str(in_database())
    assert revealed() == [TEXT]


def test_what_was_not_touched_is_stored_as_it_was() -> None:
    make_safe()
    before = in_database()
    safe = Safe.objects.get()
    safe.name = "south"
    safe.save()
    assert in_database() == before
    Safe.objects.only("name").get().save()
    assert in_database() == before
    assert Safe.objects.only("name").get().password.reveal() == TEXT


def test_one_can_ask_only_whether_there_is_one() -> None:
    make_safe()
    empty = make_safe("")
    assert Safe.objects.get(password="") == empty
    assert Safe.objects.exclude(password="").count() == 1
    assert Safe.objects.filter(pin__isnull=True).count() == 2
    for wrong in ({"password": TEXT}, {"password__contains": "h"}, {"password__in": [TEXT]}):
        with pytest.raises(FieldError) as caught:
            Safe.objects.filter(**wrong)
        assert "hunter2" not in str(caught.value)


# Who is told


@pytest.mark.parametrize("is_new", [True, False])
def test_it_is_not_shown_by_accident(is_new: bool) -> None:
    safe = make_safe()
    if not is_new:
        safe = Safe.objects.get()
    shown = everywhere(safe)
    assert "hunter2" not in shown
    assert in_database()[0] not in shown
    assert "(secret)" in shown


@pytest.mark.parametrize("bad", [json.dumps, pickle.dumps])
def test_it_goes_into_no_message(bad: Any) -> None:
    with pytest.raises(TypeError):
        bad(Secret(TEXT))


def test_copies_hold_it() -> None:
    safe = copy.deepcopy(make_safe())
    assert safe.password.reveal() == TEXT
    assert copy.copy(safe.password).reveal() == TEXT


def test_a_form_that_leaves_it_empty_keeps_it() -> None:
    form = modelform_factory(Safe, fields=["name", "password"])
    made = form({"name": "north", "password": " a b "})
    made.save()
    assert revealed() == [" a b "]
    form({"name": "south", "password": ""}, instance=Safe.objects.get()).save()
    assert revealed() == [" a b "]
    assert Safe.objects.get().name == "south"


def test_its_bounds_are_checked_and_do_not_tell_it() -> None:
    safe = Safe(name="north", password="hunter2" * 3)
    with pytest.raises(ValidationError) as caught:
        safe.full_clean()
    (message,) = caught.value.message_dict["password"]
    assert message == "Ensure this value has at most 20 characters (it has 21)."
    assert "hunter2" not in repr(caught.value.error_dict["password"][0].__dict__)
    safe.password = TEXT
    safe.full_clean()
    safe.save()
    Safe.objects.get().full_clean()


def test_the_audit_trail_knows_that_it_changed_and_no_more() -> None:
    safe = make_safe("hunter1")
    Safe.objects.get().save()
    Safe.objects.update(password=TEXT)
    safe = Safe.objects.get()
    safe.password = ""
    safe.save()
    safe.delete()
    entries = AuditEntry.objects.filter(kind="safe").order_by("pk")
    assert [one.changes.get("password") for one in entries] == [
        [None, "(secret)"],
        ["(secret)", "(secret)"],
        ["(secret)", ""],
        ["", None],
    ]
