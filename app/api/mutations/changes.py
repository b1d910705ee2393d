"""What an input says: fields that are left out are not there, null is there where it may clear."""

import dataclasses
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Protocol, TypeVar, cast, get_args, get_type_hints, runtime_checkable

import strawberry

from app.api.context import Context
from app.api.mutations.inputs import CallTarget, given_announcement, given_dialplan, given_stream
from app.errors import Problem, RefusedError
from app.media.urls import read_stream_url
from app.numbers.parse import parse_destination
from app.routing import targets

Changes = TypeVar("Changes", bound=Mapping[str, object])


@strawberry.input
class Identified:
    """An input about something that is there."""

    id: strawberry.ID = strawberry.field(description="Which one.")


@runtime_checkable
class Member(Protocol):
    """A part of an input that stands for something of the domain."""

    def read(self) -> object:
        """What it stands for."""
        ...


def read_given(given: Any, *, nullable: Collection[str] = (), skipped: Collection[str] = ("id",)) -> dict[str, Any]:
    """The input's fields by their Python names, less those that were left out and ``skipped`` ones.

    Raises:
        RefusedError: INVALID_INPUT for each null that is not ``nullable``.
    """
    changes = {
        field.name: value
        for field in dataclasses.fields(given)
        if field.name not in skipped and (value := getattr(given, field.name)) is not strawberry.UNSET
    }
    nulls = [name for name, value in changes.items() if value is None and name not in nullable]
    if nulls:
        raise RefusedError(
            [Problem("INVALID_INPUT", "This cannot be null; leave it out.", (_public(name),)) for name in nulls]
        )
    return changes


def read_changes(given: Any, into: type[Changes], context: Context, *, skipped: Collection[str] = ("id",)) -> Changes:
    """The input's fields as ``into``, a TypedDict, has them, less those that were left out and ``skipped`` ones.

    Raises:
        RefusedError: INVALID_INPUT for each null where ``into`` has none; INVALID_NUMBER, NOT_FOUND for a target.
    """
    changes = read_given(given, nullable=_nullable(into), skipped=skipped)
    return cast("Changes", {name: _read(value, context, name) for name, value in changes.items()})


@cache
def _nullable(into: type) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(into).items() if type(None) in get_args(hint))


def _read(value: Any, context: Context, name: str) -> Any:
    match value:
        case CallTarget():
            return read_target(value, context, name)
        case list():
            return [one.read() if isinstance(one, Member) else one for one in value]
        case _:
            return value


def read_target(given: CallTarget, context: Context, field: str) -> targets.CallTarget:
    """The target an input names.

    Raises:
        RefusedError: INVALID_NUMBER, NOT_FOUND; URL_NOT_ALLOWED, it is no program's URL whoever allows it.
    """
    number = given.number or None
    stream = given_stream(given)
    if stream is not None:
        read_stream_url(stream.url, field=(field, "mediaStream", "url"))
    return targets.make_target(
        field=(field,),
        agent_id=given.agent_id or None,
        extension=given.extension or None,
        number=None
        if number is None
        else parse_destination(
            number,
            default_region=context.caller.default_region,
            is_sandbox=context.caller.is_test,
            field=(field, "number"),
        ),
        ring_group_id=given.ring_group_id or None,
        queue_id=given.queue_id or None,
        call_flow_id=given.call_flow_id or None,
        announcement=given_announcement(given),
        media_stream=stream,
        dialplan=given_dialplan(given),
    )


def _public(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
