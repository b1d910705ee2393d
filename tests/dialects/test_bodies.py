"""Bodies of requests to any dialect: bounded in size and time, whatever a client says. No service is needed."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.requests import Request

from app.dialects.bodies import BodyRefusedError, parse_json_object, read_body


def _request(*messages: MutableMapping[str, Any], length: str | None = None) -> Request:
    """A request whose body comes in these messages; after them nothing comes any more."""
    left = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    headers = [] if length is None else [(b"content-length", length.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def _part(body: bytes, *, more: bool = True) -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_given_a_body_in_pieces_when_read_then_it_is_whole() -> None:
    assert await read_body(_request(_part(b"ab"), _part(b"cd", more=False))) == b"abcd"


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        (_request(_part(b"ab")), 408, "The body did not come whole in 0.01 seconds."),
        (_request(_part(b"ab"), {"type": "http.disconnect"}), 400, "The body did not come whole."),
        (_request(_part(b"abc"), _part(b"de")), 413, "A request has at most 4 bytes."),
        (_request(length="5"), 413, "A request has at most 4 bytes."),
        (_request(length="9" * 5_000), 413, "A request has at most 4 bytes."),
    ],
    ids=["slow", "cut off", "too large in pieces", "too large by its own word", "absurdly large by its own word"],
)
async def test_given_a_body_that_cannot_be_had_when_read_then_it_is_refused_with_https_status(
    request_: Request, status: int, message: str
) -> None:
    with pytest.raises(BodyRefusedError) as refused:
        await read_body(request_, largest=4, seconds=0.01)
    assert (refused.value.status, refused.value.message) == (status, message)


def test_given_blanks_around_names_when_parsed_then_they_are_gone_at_every_level_and_values_stay() -> None:
    assert parse_json_object(b'{" a ": {" b": " x "}, "c": [{"d ": 1}, 2], "e": 1, " e": 2}') == {
        "a": {"b": " x "},
        "c": [{"d": 1}, 2],
        "e": 2,
    }
