"""The body of a delivery: the event in the form its endpoint is pinned to, as far as the endpoint may see it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, TypeAlias

import asyncpg
import msgspec

from app.facts.catalogue import decode_fact, encode_event
from app.facts.event import Actor, ActorKind, Event
from app.facts.masking import Sight, mask_fact
from app.facts.recordings import RecordingSaved, SignedUrl
from app.facts.samples import sample_event
from app.facts.webhooks import WebhookTriggered
from app.webhooks.classic import encode_classic
from app.webhooks.model import Format

#: Makes the address of a recording that works from an instant on.
MintUrl: TypeAlias = Callable[[str, datetime], SignedUrl]


class Write(Protocol):
    """Writes an event as one version of the API does, with the address of a recording where there is one."""

    def __call__(self, event: Event, *, signed_url: SignedUrl | None = None) -> bytes: ...


#: How each version of the API writes an event. An endpoint is sent the form of the version it is pinned to, whatever
#: is added here later.
VERSIONS: Mapping[str, Write] = MappingProxyType({"1": encode_event})

_RECORDING_SAVED: Final = RecordingSaved.type


class Shape(NamedTuple):
    """What two endpoints have in common that are sent the same bytes."""

    format: Format
    api_version: str
    sight: Sight


def shape_of(row: asyncpg.Record) -> Shape:
    """What the endpoint of a claimed row is sent."""
    sight = Sight(has_numbers=row["reads_pii"], has_digits=row["reads_dtmf"])
    return Shape(Format(row["format"]), row["api_version"], sight)


def is_linked(row: asyncpg.Record) -> bool:
    """Whether the body holds a signed address, so that it is made anew for each attempt."""
    return row["event_type"] == _RECORDING_SAVED and bool(row["reads_recordings"])


def build_body(row: asyncpg.Record, shape: Shape, link: Callable[[str], SignedUrl] | None = None) -> bytes:
    """The JSON body for a claimed row: the log's columns (``data`` as text), in its endpoint's shape.

    ``link`` makes the address of a recording; without it there is none in the body.

    Raises:
        KeyError: a type or a version that this Offhook does not know.
        ValueError: a payload that it cannot read (``msgspec.ValidationError`` is one).
    """
    event = Event(
        id=row["event_id"],
        type=row["fact_type"],
        timestamp=row["occurred_at"],
        sequence=row["event_sequence"],
        account_id=row["account_id"],
        subject_id=row["subject_id"],
        actor=Actor(kind=ActorKind(row["actor_kind"]), id=row["actor_id"]),
        fact=decode_fact(row["fact_type"], row["data"]),
        call_sequence=row["call_sequence"],
        request_id=row["request_id"],
        is_sandbox=row["is_sandbox"],
    )
    return write_body(event, shape, link)


def write_body(event: Event, shape: Shape, link: Callable[[str], SignedUrl] | None = None) -> bytes:
    """The JSON body of an event in a shape; of a ``webhook.triggered`` it is that of the sample it stands for.

    Raises:
        KeyError: a version that this Offhook does not know, or a sample of such a type.
        ValueError: there is no body for it in this format.
    """
    write: Write = encode_classic if shape.format is Format.CLASSIC else VERSIONS[shape.api_version]
    if isinstance(event.fact, WebhookTriggered):
        event = sample_event(event)
    fact = event.fact
    event = msgspec.structs.replace(event, fact=mask_fact(fact, shape.sight))
    if link is not None and isinstance(fact, RecordingSaved):
        return write(event, signed_url=link(fact.recording_id))
    return write(event)
