"""Requests with JSON, and what a refusal names."""

from typing import Any

from django.test import Client

API = "/api/t3000"


def send(client: Client, method: str, path: str, body: Any = "", **headers: str) -> Any:
    """`path` is whole, or one below API; headers as If_Match="..."."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    whole = path if path.startswith("/") else f"{API}/{path}"
    return getattr(client, method)(whole, body, content_type="application/json", headers=names)


def wrong(response: Any) -> dict[str, str]:
    """The fields that a refusal names, and why."""
    assert response.status_code == 400, response.content
    return {one["field"]: one["detail"] for one in response.json()["errors"]}
