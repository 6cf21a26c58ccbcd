"""The API against its own description: requests that it allows and requests that it forbids, made
up by schemathesis from a fixed seed, and everything that comes back held against the schema."""

import itertools
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import schemathesis
from celery import current_app
from django.apps import apps
from django.core import validators
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.db.models import ForeignKey, Model
from django.urls import resolve
from django.utils import timezone
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import one_of
from rest_framework.exceptions import ValidationError
from schemathesis import Case
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi.checks import positive_data_acceptance

from devices.api.docs import described
from devices.api.resources import Resource
from devices.api.throttling import CommandThrottle
from devices.domain import jobs, profiles, scans, tokens
from devices.enums import CommandState, FindingKind
from devices.models import Device, DeviceObject, Finding, Network, Site
from protocols.scanning import ScanStep, StepKind
from protocols.types import Profile
from t3000.api.panel_settings import SettingsSerializer
from t3000.models import HardwareInfo, Point, PortHealth, Tag
from t3000.models.panel_row import HeldRow
from tests import rows
from tests.factories import (
    make_command,
    make_device,
    make_finding,
    make_network,
    make_point,
    make_room,
    make_user,
    make_value,
)

pytestmark = pytest.mark.django_db  # a savepoint for each operation, inside what is filled
SEED = 3000
TOLD = (  # validators that the schema can tell
    validators.MaxLengthValidator,
    validators.MaxValueValidator,
    validators.MinLengthValidator,
    validators.MinValueValidator,
    validators.RegexValidator,
)
EXAMPLES = 4  # made up at random, for each operation
CASES = int(os.environ.get("T3000_TEST_CASES", "40"))  # at the bounds, for each; 0: all
NUMBERS = itertools.count(1)


def fill() -> Any:
    """Some of everything; returns the user who asks."""
    user = make_user(is_superuser=True)
    now = timezone.now()
    for state in ("online", "offline", "unknown"):
        room = make_room()
        network = make_network(site=room.floor.building.site, targets=["127.0.0.255"])
        device = make_device(network=network, room=room, link={"state": state, "last_seen_at": now})
        for quality in range(8):
            make_value(make_point(device), quality=quality, time=now)
        output = make_point(device, kind="output", writable=True, commandable=True)
        for ended in (CommandState.CONFIRMED, CommandState.PENDING, CommandState.REFUSED):
            make_command(device, point=output.address, state=ended)
        make_point(device, kind="variable")
        fill_panel(device)
    panel = make_device(network=make_network(protocol="modbus"), serial_number=7)
    make_point(panel, address="input,1", held={"label": "P1"})
    make_device(enabled=False)
    make_command(value=None).device.delete()
    jobs.request_search(None, by=user, now=now)
    fill_searches(device, now)
    return user


def fill_searches(device: Device, now: Any) -> None:
    """A search with steps and findings, of which approving can take none over: it would be asked
    of the same ones again and again. What a device lists, and what it takes."""
    scan = scans.begin(device.network_id, now)
    assert scan is not None
    scans.record_steps([(scan.pk, ScanStep(StepKind.ASKED, now, "Who-Is", sent=1))])
    told = {"subject": "point", "address": "analog-input,1", "field": "", "was": None, "now": "A"}
    for kind in FindingKind:
        make_finding(scan, kind=kind, device=device, differences=[told])
    rows.make(DeviceObject, device.network.site, device=device)
    profiles.learn(device.pk, Profile(services=("read-property",)))


def fill_panel(device: Device) -> None:
    """A row of each of a panel's tables, and a tag."""
    for model in apps.get_models():
        if issubclass(model, HeldRow) or model in (HardwareInfo, PortHealth):
            rows.make(model, device.network.site, device=device)
    rows.make(Tag, device.network.site)


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Filled once for all operations, which takes longer than what is asked of each. A request
    must not close the connection that holds all this; Django's own test client does the same."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), transaction.atomic():
        user = fill()
        with django_db_blocker.block():
            yield user
        transaction.set_rollback(True)
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(filled: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a user who may do everything. The throttle would hide every other answer."""
    monkeypatch.setattr(CommandThrottle, "THROTTLE_RATES", {"commands": None})
    monkeypatch.setattr(current_app, "send_task", lambda *_, **__: None)  # nobody works them off
    return tokens.make(filled)


def description() -> Any:
    """The schema as the site tells it (test_schema.py proves that)."""
    loaded = schemathesis.openapi.from_dict(
        orjson.loads(orjson.dumps(described())), config=schemathesis.Config(seed=SEED)
    )
    loaded.app, loaded.location = get_wsgi_application(), "/api/schema"
    return loaded


def make_real(case: Case) -> None:
    """What is right by the schema is made right by the rows, too: it names rows that there are,
    most of the time, and times to come; and nobody waits long."""
    meta = case.meta
    assert meta is not None
    right = {place for place in ParameterLocation if not meta.is_negative_at(place)}
    if case.path_parameters and ParameterLocation.PATH in right:
        number = int(case.path_parameters["id"])
        if number % 4:
            case.path_parameters["id"] = a_row(model_at(case.path), number, is_written(case))
    if ParameterLocation.QUERY in right and (is_awaited(case) or "wait" in (case.query or {})):
        case.query = {**(case.query or {}), "wait": 0.01}
    if ParameterLocation.QUERY in right and "cursor" in (case.query or {}):
        case.query = {n: v for n, v in case.query.items() if n not in ("page", "ordering")}
    if "If-Match" in case.headers:  # nobody guesses an ETag
        case.headers["If-Match"] = "*"
    if isinstance(case.body, dict) and ParameterLocation.BODY in right:
        if resource := resource_of(case):
            make_bulk_real(resource.model, case)
            for row, _ in rows_of(case):
                make_row_real(resource.model, row)
        else:
            make_body_real(case.body)


def model_at(path: str) -> type[Model]:
    """What the rows are that a path begins with: sites of /api/t3000/sites/{id}."""
    view = resolve("/".join([*path.split("/")[:4], "1"])).func.cls
    return view.model if issubclass(view, Resource) else view.queryset.model


def resource_of(case: Case) -> type[Resource] | None:
    """The resource whose rows the body holds."""
    view = resolve(case.path.replace("{id}", "1")).func.cls
    return view if issubclass(view, Resource) else None


def is_awaited(case: Case) -> bool:
    """Whether it waits also without being told."""
    return case.method == "POST" and case.path == "/api/t3000/devices"


def is_written(case: Case) -> bool:
    """Whether it is for a point that can be written."""
    return case.method == "POST" and case.path.endswith("/value")


def a_row(model: type[Model], number: int, is_written: bool = False) -> int:
    rows = model._base_manager.order_by("pk")
    if is_written:
        rows = rows.filter(writable=True)
    ids = rows.values_list("pk", flat=True)
    return ids[int(number) % len(ids)] if ids else int(number)  # all may have been deleted


def rows_of(case: Case) -> Iterator[tuple[dict[str, Any], bool]]:
    """The rows in a body, and whether each is a whole one."""
    if not case.path.endswith("/bulk"):
        yield case.body, case.method != "PATCH"
        return
    for name in ("create", "update"):
        for row in case.body.get(name, []):
            yield row, name == "create"


def make_bulk_real(model: type[Model], case: Case) -> None:
    """It changes and deletes rows that there are, each once."""
    if not case.path.endswith("/bulk"):
        return
    free = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
    updated, deleted = case.body.get("update", []), case.body.get("delete", [])
    del updated[len(free) // 2 :], deleted[len(free) // 2 :]
    for row in updated:
        row["id"] = free.pop(int(row["id"]) % len(free))
    deleted[:] = [free.pop(int(number) % len(free)) for number in deleted]


def make_row_real(model: type[Model], row: dict[str, Any]) -> None:
    """What refers to a row by its id refers to one that there is; so do the rows inside."""
    for name, value in row.items():
        field = model._meta.get_field(name) if name in names_of(model) else None
        if isinstance(field, ForeignKey) and value is not None:
            row[name] = a_row(field.related_model, value)
        elif field is not None and field.one_to_many and isinstance(value, list):
            for child in value:
                make_row_real(field.related_model, child)


def names_of(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields()}


def make_body_real(body: dict[str, Any]) -> None:
    if "findings" in body:
        body["findings"] = [a_row(Finding, int(number)) for number in body["findings"]]
    if isinstance(body.get("create"), list):
        for write in body["create"]:
            write["point"] = a_row(Point, int(write["point"]), is_written=True)
            make_body_real(write)
    if {"low", "high"} <= body.keys():
        body["low"], body["high"] = sorted((body["low"], body["high"]))
    if "networks" in body:
        body["networks"] = [a_row(Network, int(number)) for number in body["networks"]]
    if body.get("value") is not None:
        body["value"] = abs(body["value"]) % 100
    if body.get("until") is not None:
        body["until"] = (timezone.now() + timedelta(days=1)).isoformat()
    make_account_real(body)


def make_account_real(body: dict[str, Any]) -> None:
    """What only functions of ours know: names that nobody has, passwords that nobody guesses."""
    for name, real in (
        ("username", f"user-{next(NUMBERS)}"),
        ("email", "anna@example.org"),
        ("password", "correct-horse-battery"),
    ):
        if name in body:
            body[name] = real
    if "roles" in body:
        by_site = {one["site"] and a_row(Site, one["site"]): one["role"] for one in body["roles"]}
        body["roles"] = [{"site": site, "role": role} for site, role in by_site.items()]


def is_said_by_the_schema(case: Case) -> bool:
    """Whether the schema could say what is wrong with this body. It can not where the row does not
    fit the rows that there are or itself, or only a validator of ours knows what is right."""
    resource = resource_of(case)
    is_settings = case.path.endswith("/settings")
    if is_settings and case.body is NOT_SET and not is_negative(case):
        return False  # no group at all, where some are known
    if not (resource or is_settings) or not isinstance(case.body, dict) or is_negative(case):
        return True
    for row, is_whole in rows_of(case):
        reader = resource().reader if resource else SettingsSerializer()
        reader.partial = is_settings or not is_whole
        drop_what_is_untold(reader)
        try:
            reader.to_internal_value({name: row[name] for name in row if name != "id"})
        except ValidationError:
            return True
    return False


def is_negative(case: Case) -> bool:
    return case.meta is None or not case.meta.generation.mode.is_positive


def drop_what_is_untold(field: Any) -> None:
    field.validators = [one for one in field.validators if isinstance(one, TOLD)]
    inside = (getattr(field, name, None) for name in ("child", "reader"))
    for child in [*getattr(field, "fields", {}).values(), *inside]:
        if child is not None:
            drop_what_is_untold(child)


def cases_of(operation: Any) -> list[Case]:
    """What schemathesis makes up at the bounds of each parameter, right and wrong: some 40,000 for
    all operations. Evenly picked, as most of them try the same few readers again."""
    made = list(
        CoverageGenerator(
            operation=operation,
            generation_modes=list(GenerationMode),
            generation_config=schema.config.generation_for(operation=operation, phase="coverage"),
            auth_storage=None,
            override=Override(),
            feedback=NO_FEEDBACK,
        )
    )
    return made[:: -(-len(made) // CASES) if CASES else 1]


schema = description()
OPERATIONS = {found.ok().label: found.ok() for found in schema.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_api_keeps_to_its_description(label: str, token: str) -> None:
    """A test of its own for each operation: the ids that schemathesis' parametrize gives them are
    all the same with this pytest, and xdist then runs one of them."""
    operation = OPERATIONS[label]
    for case in cases_of(operation):
        ask(case, token)

    @seed(SEED)
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def at_random(case: Case) -> None:
        ask(case, token)

    at_random()


def ask(case: Case, token: str) -> None:
    make_real(case)
    headers = {"Authorization": f"Token {token}"}
    response = case.call(headers=headers)
    is_by_rows = response.status_code == 400 and not is_said_by_the_schema(case)
    case.validate_response(
        response,
        excluded_checks=[positive_data_acceptance] if is_by_rows else [],
        headers=headers,
        transport_kwargs={"headers": headers},
    )
