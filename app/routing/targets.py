"""Where a call may be sent: one closed union, for routes, overflows, transfers and campaigns. Pure.

A target is written as JSON with its ``kind``; whether what it names is still there is asked when a call comes.
"""

from typing import Any, Final, TypeAlias, assert_never

import msgspec

from app.errors import Problem, RefusedError
from app.flows.announcement import (
    Announcement,
    DialplanTarget,
    StreamTarget,
    check_announcement,
    check_dialplan,
    check_stream_target,
)
from app.ids import Kind, kind_of
from app.numbers.parse import E164, is_e164, parse_extension


class ToAgent(msgspec.Struct, frozen=True, tag_field="kind", tag="agent"):
    """An agent, wherever it sits."""

    id: str


class ToExtension(msgspec.Struct, frozen=True, tag_field="kind", tag="extension"):
    """One of the account's extensions, by its number."""

    number: str


class ToNumber(msgspec.Struct, frozen=True, tag_field="kind", tag="number"):
    """An outside number, E.164. The destination policy is asked when a call comes."""

    number: E164


class ToRingGroup(msgspec.Struct, frozen=True, tag_field="kind", tag="ring_group"):
    """A ring group."""

    id: str


class ToQueue(msgspec.Struct, frozen=True, tag_field="kind", tag="queue"):
    """A queue."""

    id: str


class ToCallFlow(msgspec.Struct, frozen=True, tag_field="kind", tag="call_flow"):
    """A call flow, at the version that is the latest when a call comes."""

    id: str


class ToAnnouncement(msgspec.Struct, frozen=True, tag_field="kind", tag="announcement"):
    """Something that is said to the customer; then it is over."""

    announcement: Announcement


class ToMediaStream(msgspec.Struct, frozen=True, tag_field="kind", tag="media_stream"):
    """A program that talks to the customer; then it is over. Whether it may, is asked when a call comes."""

    stream: StreamTarget


class ToDialplan(msgspec.Struct, frozen=True, tag_field="kind", tag="dialplan"):
    """A place in the operator's own dialplan. Whether calls may go there, is asked when one comes."""

    dialplan: DialplanTarget


CallTarget: TypeAlias = (
    ToAgent | ToExtension | ToNumber | ToRingGroup | ToQueue | ToCallFlow | ToAnnouncement | ToMediaStream | ToDialplan
)

_KINDS: Final = (
    ("agent_id", Kind.AGENT),
    ("ring_group_id", Kind.RING_GROUP),
    ("queue_id", Kind.QUEUE),
    ("call_flow_id", Kind.CALL_FLOW),
)
_FIELDS: Final = {
    "agent_id": "agentId",
    "extension": "extension",
    "number": "number",
    "ring_group_id": "ringGroupId",
    "queue_id": "queueId",
    "call_flow_id": "callFlowId",
    "announcement": "announcement",
    "media_stream": "mediaStream",
    "dialplan": "dialplan",
}


def make_target(
    *,
    field: tuple[str, ...],
    agent_id: str | None = None,
    extension: str | None = None,
    number: E164 | None = None,
    ring_group_id: str | None = None,
    queue_id: str | None = None,
    call_flow_id: str | None = None,
    announcement: Announcement | None = None,
    media_stream: StreamTarget | None = None,
    dialplan: DialplanTarget | None = None,
) -> CallTarget:
    """The target that exactly one of these names. ``field`` is its path in the caller's input.

    Raises:
        RefusedError: REQUIRED for none or several; NOT_FOUND for an id of another kind; INVALID_NUMBER; INVALID_INPUT
            for an announcement; INVALID_INPUT, URL_NOT_ALLOWED for a media stream; INVALID_INPUT,
            DIALPLAN_NOT_ALLOWED for a place in the dialplan.
    """
    others = [announcement, media_stream, dialplan]
    if sum(one is not None for one in others) == 1 and not any(
        (agent_id, extension, number, ring_group_id, queue_id, call_flow_id)
    ):
        return _alone(announcement, media_stream, dialplan, field)
    given = {
        name: value
        for name, value in (
            ("agent_id", agent_id),
            ("extension", extension),
            ("number", number),
            ("ring_group_id", ring_group_id),
            ("queue_id", queue_id),
            ("call_flow_id", call_flow_id),
        )
        if value is not None
    }
    if len(given) != 1 or any(one is not None for one in others):
        raise RefusedError(Problem("REQUIRED", "Name exactly one target.", field))
    ((name, value),) = given.items()
    for kind_name, kind in _KINDS:
        if name == kind_name and kind_of(value) is not kind:
            raise RefusedError(Problem("NOT_FOUND", "There is no such target.", (*field, _FIELDS[name])))
    match name:
        case "agent_id":
            return ToAgent(id=value)
        case "ring_group_id":
            return ToRingGroup(id=value)
        case "queue_id":
            return ToQueue(id=value)
        case "call_flow_id":
            return ToCallFlow(id=value)
        case "extension":
            return ToExtension(number=parse_extension(value, field=(*field, "extension")))
        case _:
            if not is_e164(value):
                raise RefusedError(Problem("INVALID_NUMBER", "This is no E.164 number.", (*field, "number")))
            return ToNumber(number=E164(value))


def _alone(
    announcement: Announcement | None,
    stream: StreamTarget | None,
    dialplan: DialplanTarget | None,
    field: tuple[str, ...],
) -> ToAnnouncement | ToMediaStream | ToDialplan:
    """A target that leads the customer on by itself: the one of these that is there."""
    found: ToAnnouncement | ToMediaStream | ToDialplan
    if announcement is not None:
        problems = check_announcement(announcement, *field, "announcement")
        found = ToAnnouncement(announcement=announcement)
    elif stream is not None:
        problems = check_stream_target(stream, *field, "mediaStream")
        found = ToMediaStream(stream=stream)
    elif dialplan is not None:
        problems = check_dialplan(dialplan, *field, "dialplan")
        found = ToDialplan(dialplan=dialplan)
    else:
        problems = [Problem("REQUIRED", "Name exactly one target.", field)]
    if problems:
        raise RefusedError(problems)
    return found


def target_as_json(target: CallTarget) -> dict[str, Any]:
    """What is stored."""
    stored: dict[str, Any] = msgspec.to_builtins(target)
    return stored


def target_from_json(stored: object) -> CallTarget:
    """What was stored.

    Raises:
        msgspec.ValidationError: it is no target.
    """
    target: CallTarget = msgspec.convert(stored, CallTarget)
    return target


def field_of(target: CallTarget) -> str:
    """The field of the public input that names a target of this kind."""
    match target:
        case ToAgent():
            return "agentId"
        case ToExtension():
            return "extension"
        case ToNumber():
            return "number"
        case ToRingGroup():
            return "ringGroupId"
        case ToQueue():
            return "queueId"
        case ToCallFlow():
            return "callFlowId"
        case ToAnnouncement():
            return "announcement"
        case ToMediaStream():
            return "mediaStream"
        case ToDialplan():
            return "dialplan"
        case _:
            assert_never(target)
