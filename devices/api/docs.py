"""The description of the API: for programs, and as pages."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.api.problems import problem

SAFE = ("GET", "HEAD")


class SchemaView(APIView):
    """OpenAPI 3.1, as JSON or, with `Accept: application/yaml`, as YAML."""

    schema = None  # it does not describe itself
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
    ]

    def get(self, request: Request) -> Response:
        return Response(described())


@cache
def described() -> dict[str, Any]:
    """The same for everybody, and until the server starts again."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return found


@csrf_exempt  # it changes nothing, so that a refusal is a problem here, too
def page(request: HttpRequest) -> HttpResponse:
    """The schema to read and to try out."""
    if request.method not in SAFE:
        refusal = problem(request, 405, f"{request.method} is not possible here; GET or HEAD is.")
        refusal["Allow"] = ", ".join(SAFE)
        return refusal
    return render(request, "api/docs.html")
