"""A row of any model at a site: for the tests that look at every resource.

`make(model, site)` fills what a row must have; ROWS has those that need more than that.
"""

import itertools
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from devices.domain import tokens
from devices.models import (
    ApiToken,
    AuditEntry,
    Board,
    Command,
    Device,
    Finding,
    Job,
    JobNetwork,
    Network,
    ProductModel,
    Session,
    Site,
)
from devices.session_store import SessionStore
from t3000.models import EmailAlarm, Point, Program, ProgramVersion, Tag, TimeBase
from tests.factories import (
    NOW,
    make_command,
    make_device,
    make_finding,
    make_network,
    make_panel,
    make_point,
    make_scan,
    make_user,
    make_value,
)

_numbers = itertools.count(1)


def _entry(site: Site) -> AuditEntry:
    return AuditEntry.objects.create(
        username="anna",
        user_id=1,
        origin="page",
        action="update",
        kind="site",
        row_id=site.pk,
        name=site.name,
        site_id=site.pk,
        changes={"name": ["Old", site.name]},
    )


def _command(site: Site, **fields: Any) -> Command:
    point = _point(site, **fields)
    return make_command(point.device, point=point.address)


def _device(site: Site, **fields: Any) -> Device:
    return make_device(**{"network": fields.get("network") or make_network(site=site), **fields})


def _job(site: Site) -> Job:
    job = Job.objects.create(username="anna", asked_at=NOW)
    JobNetwork.objects.create(job=job, network=make_network(site=site))
    return job


def _network(site: Site, **fields: Any) -> Network:
    return make_network(**{"site": site, **fields})


def _point(site: Site, **fields: Any) -> Point:
    device = fields.pop("device", None) or _device(site)
    fields = {"kind": "output", "writable": True, "commandable": True, **fields}
    point = make_point(device, **fields)
    make_value(point)
    return point


def _program(site: Site, **fields: Any) -> Program:
    program = Program.objects.create(
        **{"device": fields.pop("device", None) or _device(site), "index": 0, **fields}
    )
    _version(site, program=program)
    return program


def _version(site: Site, **fields: Any) -> ProgramVersion:
    program = fields.pop("program", None) or _program(site)
    number = program.versions.count() + 1
    version: ProgramVersion = program.versions.create(number=number, origin="typed")
    return version


def _tag(site: Site, **fields: Any) -> Tag:
    return Tag.objects.create(**{"site": site, "name": f"tag{next(_numbers)}", **fields})


def _finding(site: Site, **fields: Any) -> Finding:
    scan = fields.pop("scan", None) or make_scan(make_network(site=site))
    return make_finding(scan, **{"device": make_device(network=scan.network), **fields})


def _email_alarm(site: Site, **fields: Any) -> EmailAlarm:
    device = fields.pop("device", None) or make_panel(network=make_network(site=site))
    return EmailAlarm.objects.create(device=device, **fields)


def _board(site: Site, **fields: Any) -> Board:
    return Board.objects.create(**{"number": _free(Board), "name": "Board", **fields})


def _product(site: Site, **fields: Any) -> ProductModel:
    return ProductModel.objects.create(**{"number": _free(ProductModel), "name": "T3", **fields})


def _free(model: type[Any]) -> int:
    """A number that no row has: some come with the product."""
    taken = set(model.objects.values_list("number", flat=True))
    return next(number for number in range(1, 256) if number not in taken)


def _time_base(site: Site, **fields: Any) -> TimeBase:
    return TimeBase.objects.create(**{"key": f"x{next(_numbers)}", "minutes": 1, **fields})


def _session(site: Site, **fields: Any) -> Session:
    user = fields.get("user") or _user(site)
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store.create()
    row: Session = Session.objects.get(session_key=store.session_key)
    return row


def _token(site: Site, **fields: Any) -> ApiToken:
    user = fields.get("user") or _user(site)
    return tokens.find_row(tokens.make(user, name="report"))


def _user(site: Site, **fields: Any) -> User:
    user: User = make_user(site=site, **fields)
    return user


ROWS: dict[type[models.Model], Callable[..., models.Model]] = {
    ApiToken: _token,
    AuditEntry: _entry,
    Board: _board,
    Command: _command,
    Device: _device,
    EmailAlarm: _email_alarm,
    Finding: _finding,
    Job: _job,
    Network: _network,
    Point: _point,
    ProductModel: _product,
    Program: _program,
    ProgramVersion: _version,
    Session: _session,
    Site: lambda site: site,
    Tag: _tag,
    TimeBase: _time_base,
    User: _user,
}


def make(model: type[Any], site: Site, **fields: Any) -> Any:
    """A new row at the site, with parents of its own where no fields say otherwise; the site itself
    where that is asked for."""
    special = ROWS.get(model)
    if special is not None:
        return special(site, **fields)
    return model._default_manager.create(**_required(model, site, fields))


def _required(model: type[models.Model], site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """What is given, and what has no default or leads to the site."""
    way = str(getattr(model, "site_path", "")).partition("__")[0]
    must_differ = {name for names in _unique(model) for name in names}
    needed = [
        field
        for field in model._meta.concrete_fields
        if field.name not in given
        and not field.primary_key
        and (
            field.name == way
            or (field.name in must_differ and not field.null)
            or not (field.has_default() or field.null or field.blank or _is_automatic(field))
        )
    ]
    return {**{field.name: _value(field, site) for field in needed}, **given}


def _unique(model: type[models.Model]) -> list[tuple[str, ...]]:
    constraints = model._meta.constraints
    return [
        *((field.name,) for field in model._meta.concrete_fields if field.unique),
        *(tuple(one.fields) for one in constraints if isinstance(one, models.UniqueConstraint)),
    ]


def _is_automatic(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _value(field: Any, site: Site) -> Any:
    if field.is_relation:
        return make(field.related_model, site)
    if field.choices:
        return field.flatchoices[0][0]
    number = next(_numbers)
    for kind, value in VALUES.items():
        if isinstance(field, kind):
            return value(field, number)
    raise TypeError(f"{field}: fill it here, or give its model a factory in ROWS")


def _between(field: Any, number: int) -> int:
    """Another number each time, within the field's bounds."""
    low = max(_limits(field, MinValueValidator), default=0)
    high = min(_limits(field, MaxValueValidator), default=low + 30000)
    return low + number % (high - low + 1)


def _limits(field: Any, kind: type[Any]) -> list[int]:
    return [int(one.limit_value) for one in field.validators if type(one) is kind]


VALUES: dict[type[Any], Callable[[Any, int], Any]] = {  # the first that fits
    models.BooleanField: lambda field, number: False,
    models.DateTimeField: lambda field, number: NOW + timedelta(seconds=number),
    models.DateField: lambda field, number: (NOW + timedelta(days=number)).date(),
    models.TimeField: lambda field, number: time(number // 60 % 24, number % 60),
    models.JSONField: lambda field, number: [],
    models.BinaryField: lambda field, number: bytes([number % 256]),
    models.GenericIPAddressField: lambda field, number: f"10.0.{number // 250}.{number % 250 + 1}",
    models.CharField: lambda field, number: f"{number:x}"[-(field.max_length or 50) :],
    models.TextField: lambda field, number: f"{number:x}",
    models.IntegerField: _between,
    models.FloatField: _between,
    models.DecimalField: _between,
}
