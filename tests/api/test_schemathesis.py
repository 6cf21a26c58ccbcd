"""The API against its own description: requests that it allows and requests that it forbids, made
up by schemathesis from a fixed seed, and everything that comes back held against the schema."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
import schemathesis
from celery import current_app
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from devices.api.docs import described
from devices.api.throttling import CommandThrottle
from devices.domain import jobs, tokens
from devices.enums import CommandState
from devices.models import Building, Command, Device, Floor, Job, Network, Room, Site
from t3000.models import Point
from tests.factories import (
    make_command,
    make_device,
    make_network,
    make_point,
    make_room,
    make_user,
    make_value,
)

pytestmark = pytest.mark.django_db(transaction=True)
SEED = 3000
EXAMPLES = 20
MODELS = {
    "sites": Site,
    "buildings": Building,
    "floors": Floor,
    "rooms": Room,
    "networks": Network,
    "devices": Device,
    "points": Point,
    "commands": Command,
    "jobs": Job,
}


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
    make_device(enabled=False)
    make_command(value=None).device.delete()
    jobs.request_search(None, by=user, now=now)
    return user


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a user who may do everything. The throttle would hide every other answer."""
    monkeypatch.setattr(CommandThrottle, "THROTTLE_RATES", {"commands": None})
    monkeypatch.setattr(current_app, "send_task", lambda *_, **__: None)  # nobody works them off
    return tokens.make(fill())


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
    resource = case.path.split("/")[3]
    if case.path_parameters and ParameterLocation.PATH in right:
        number = int(case.path_parameters["id"])
        if number % 4:
            case.path_parameters["id"] = a_row(resource, number, case.method)
    if case.query and "wait" in case.query and ParameterLocation.QUERY in right:
        case.query["wait"] = 0.01
    if "If-Match" in case.headers:  # nobody guesses an ETag
        case.headers["If-Match"] = "*"
    if isinstance(case.body, dict) and ParameterLocation.BODY in right:
        make_body_real(case.body)


def a_row(resource: str, number: int, method: str) -> int:
    rows = MODELS[resource].objects.order_by("pk")
    if method == "POST":
        rows = rows.filter(writable=True)
    ids = rows.values_list("pk", flat=True)
    return ids[number % len(ids)]


def make_body_real(body: dict[str, Any]) -> None:
    if "networks" in body:
        body["networks"] = [a_row("networks", int(number), "GET") for number in body["networks"]]
    if body.get("value") is not None:
        body["value"] = abs(body["value"]) % 100
    if body.get("until") is not None:
        body["until"] = (timezone.now() + timedelta(days=1)).isoformat()


schema = description()


@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_to_its_description(case: Case, token: str) -> None:
    make_real(case)
    case.call_and_validate(headers={"Authorization": f"Token {token}"})
