"""Safes as tests make them, and what is known of them without asking."""

import json
import logging
from io import StringIO
from typing import Any

from django.core import serializers
from django.db import connection
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from django.template import Context, Template

from tests.sealed.models import Safe

TEXT = "hunter2 Ünïcode ✓"


def in_database(column: str = "password") -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM sealed_safe ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def make_safe(password: str = TEXT, **fields: Any) -> Safe:
    return Safe.objects.create(name="north", password=password, **fields)


def revealed() -> list[str]:
    return [safe.password.reveal() for safe in Safe.objects.order_by("pk")]


def everywhere(safe: Safe) -> str:
    """Whatever shows a row without asking for its secret."""
    page = Template("{{ safe.password }} {{ form }}")
    form = modelform_factory(Safe, fields="__all__")
    bound = form({"name": "x" * 21, "password": TEXT})
    assert not bound.is_valid()
    log = StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("tests.sealed").addHandler(handler)
    logging.getLogger("tests.sealed").error("%s %r %s", safe.password, safe.password, vars(safe))
    return "\n".join(
        [
            repr(safe), str(safe.password), f"{safe.password}", repr(vars(safe)),
            repr(model_to_dict(safe)), repr(list(Safe.objects.values())),
            repr(list(Safe.objects.values_list("password"))),
            serializers.serialize("json", [safe]), json.dumps(vars(safe), default=str),
            page.render(Context({"safe": safe, "form": form(instance=safe)})),
            page.render(Context({"safe": safe, "form": bound})),
            log.getvalue(),
        ]
    )  # fmt: skip
