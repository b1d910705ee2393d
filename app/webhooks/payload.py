"""The body of a delivery: the event as its readers may see it."""

import asyncpg
import msgspec

from app.facts.calls import CallEnded, DtmfReceived, Fact
from app.facts.catalogue import decode_fact, encode_event
from app.facts.event import Actor, ActorKind, Event

#: What stands for a pressed key; not one of the sixteen there are.
MASKED_DIGIT = "x"


def mask_digits(fact: Fact) -> Fact:
    """The fact without the keys that were pressed: they may be card numbers or PINs."""
    match fact:
        case DtmfReceived():
            return msgspec.structs.replace(fact, digit=MASKED_DIGIT)
        case CallEnded() if fact.cdr.dtmf:
            cdr = msgspec.structs.replace(fact.cdr, dtmf=MASKED_DIGIT * len(fact.cdr.dtmf))
            return msgspec.structs.replace(fact, cdr=cdr)
        case _:
            return fact


def build_body(row: asyncpg.Record) -> bytes:
    """The JSON body for a row of the log (its columns, with ``data`` as text).

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
            fact=mask_digits(decode_fact(row["event_type"], row["data"])),
            call_sequence=row["call_sequence"],
            request_id=row["request_id"],
            is_sandbox=row["is_sandbox"],
        )
    )
