"""Between a change and its record in the spool, both ways, without loss."""

from datetime import datetime
from typing import Final

import msgspec

from app.calls.core.model.call import Call
from app.calls.keeping.change import Change
from app.calls.keeping.keys import KeyClaim
from app.facts.catalogue import decode_fact
from app.facts.event import Actor, Draft


class _DraftRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    account_id: str
    subject_id: str
    occurred_at: datetime
    type: str
    fact: msgspec.Raw
    actor: Actor
    call_sequence: int | None = None
    request_id: str | None = None
    is_sandbox: bool = False
    traceparent: str | None = None


class _UseRecord(msgspec.Struct, frozen=True):
    mutation: str
    key: str
    input_hash: bytes


class _ChangeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``legs`` and ``recordings`` are the ids of those that the change touched."""

    call: Call
    drafts: tuple[_DraftRecord, ...] = ()
    legs: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    uses: tuple[_UseRecord, ...] = ()


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_ChangeRecord)


def encode_change(change: Change) -> bytes:
    """A change of a call that was written before (it claims no key), as JSON."""
    drafts = tuple(
        _DraftRecord(
            id=draft.id,
            account_id=draft.account_id,
            subject_id=draft.subject_id,
            occurred_at=draft.occurred_at,
            type=draft.fact.type,
            fact=msgspec.Raw(_ENCODER.encode(draft.fact)),
            actor=draft.actor,
            call_sequence=draft.call_sequence,
            request_id=draft.request_id,
            is_sandbox=draft.is_sandbox,
            traceparent=draft.traceparent,
        )
        for draft in change.drafts
    )
    record = _ChangeRecord(
        call=change.call,
        drafts=drafts,
        legs=tuple(leg.id for leg in change.legs),
        recordings=tuple(recording.id for recording in change.recordings),
        uses=tuple(_UseRecord(use.mutation, use.key, use.input_hash) for use in change.uses),
    )
    return _ENCODER.encode(record)


def decode_change(record: bytes) -> Change:
    """The change behind a record; ``is_retry``, since it may have been written before.

    Raises:
        msgspec.DecodeError, KeyError: it is not one that this version knows.
    """
    read = _DECODER.decode(record)
    drafts = tuple(
        Draft(
            id=draft.id,
            account_id=draft.account_id,
            subject_id=draft.subject_id,
            occurred_at=draft.occurred_at,
            fact=decode_fact(draft.type, bytes(draft.fact)),
            actor=draft.actor,
            call_sequence=draft.call_sequence,
            request_id=draft.request_id,
            is_sandbox=draft.is_sandbox,
            traceparent=draft.traceparent,
        )
        for draft in read.drafts
    )
    return Change(
        call=read.call,
        drafts=drafts,
        is_retry=True,
        legs=tuple(leg for leg in read.call.legs if leg.id in read.legs),
        recordings=tuple(one for one in read.call.recordings if one.id in read.recordings),
        uses=tuple(
            KeyClaim(read.call.account_id, use.mutation, use.key, use.input_hash, read.call.id) for use in read.uses
        ),
    )
