"""Requests to the API as tests write them down."""

from typing import Any

from django.test import Client


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A request with a body of JSON; headers as If_Match="..."."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(client, method)(path, body, content_type="application/json", headers=names)


def wrong(response: Any) -> dict[str, str]:
    """The fields that a refusal names, and why."""
    assert response.status_code == 400, response.content
    return {one["field"]: one["detail"] for one in response.json()["errors"]}
