"""What events look like, served: ``/schemas/events`` lists their JSON Schemas, ``/schemas/events/call.ended`` is one.

``/schemas/events.py`` and ``/schemas/events.ts`` are all of them as types.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.answers import error_document, json_answer
from app.errors import NotFoundError
from app.facts.catalogue import FACT_TYPES, json_schema
from app.facts.typings import write_python, write_typescript

_HEADERS: Final = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


async def answer_list(request: Request) -> Response:
    """Every event type and where its schema is."""
    base = str(request.url.path).rstrip("/")
    return _json({event_type: f"{base}/{event_type}" for event_type in FACT_TYPES}, "application/json")


async def answer_one(request: Request) -> Response:
    """The schema of one event type."""
    event_type = request.path_params["event_type"]
    if event_type not in FACT_TYPES:
        return json_answer(error_document(NotFoundError("There is no event of this type.")), 404)
    return Response(_schema(event_type), headers=_HEADERS, media_type="application/schema+json")


async def answer_python(_request: Request) -> Response:
    """Types for Python."""
    return Response(_written(write_python), headers=_HEADERS, media_type="text/x-python")


async def answer_typescript(_request: Request) -> Response:
    """Types for TypeScript."""
    return Response(_written(write_typescript), headers=_HEADERS, media_type="text/typescript")


ROUTES: Final = (
    Route("/schemas/events.py", answer_python, methods=["GET"]),
    Route("/schemas/events.ts", answer_typescript, methods=["GET"]),
    Route("/schemas/events", answer_list, methods=["GET"]),
    Route("/schemas/events/{event_type}", answer_one, methods=["GET"]),
)


@cache
def _written(write: Callable[[], str]) -> str:
    return write()


@cache
def _schema(event_type: str) -> bytes:
    return orjson.dumps(json_schema(event_type))


def _json(content: object, media_type: str) -> Response:
    return Response(orjson.dumps(content), headers=_HEADERS, media_type=media_type)
