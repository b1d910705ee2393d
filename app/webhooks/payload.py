"""The body of a delivery: the event as the endpoint may see it."""

import asyncpg

from app.facts.catalogue import decode_fact, encode_event
from app.facts.event import Actor, ActorKind, Event
from app.facts.masking import Sight, mask_fact


def sight_of(row: asyncpg.Record) -> Sight:
    """What the endpoint of a claimed row may see."""
    return Sight(has_numbers=row["reads_pii"], has_digits=row["reads_dtmf"])


def build_body(row: asyncpg.Record, sight: Sight) -> bytes:
    """The JSON body for a row of the log (its columns, with ``data`` as text), for whoever sees so much.

    Raises:
        KeyError: a type this version does not know.
        ValueError: a payload this version cannot read (``msgspec.ValidationError`` is one).
    """
    return encode_event(
        Event(
            id=row["event_id"],
            type=row["event_type"],
            timestamp=row["occurred_at"],
            sequence=row["event_sequence"],
            account_id=row["account_id"],
            subject_id=row["subject_id"],
            actor=Actor(kind=ActorKind(row["actor_kind"]), id=row["actor_id"]),
            fact=mask_fact(decode_fact(row["event_type"], row["data"]), sight),
            call_sequence=row["call_sequence"],
            request_id=row["request_id"],
            is_sandbox=row["is_sandbox"],
        )
    )
