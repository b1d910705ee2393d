"""What one call has ready to be written, and what may come of writing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import Recording
from app.calls.core.turn import Happening
from app.calls.keeping.keys import KeyClaim, KeyHolder
from app.facts.event import Draft
from app.ids import Kind, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one call has ready to be written: itself, the facts that led here, and what of it is new.

    ``claim`` comes with the very first change of a call that was asked for with an idempotency key, ``uses`` are the
    keys of what was asked of it since. ``is_retry``: an earlier try failed, perhaps after the commit; the drafts' ids
    tell.
    """

    call: Call
    drafts: tuple[Draft, ...]
    is_retry: bool = False
    legs: tuple[Leg, ...] = ()
    recordings: tuple[Recording, ...] = ()
    claim: KeyClaim | None = None
    uses: tuple[KeyClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The change was not written: its key belongs to an earlier request."""

    holder: KeyHolder


class FencedError(Exception):
    """Another process writes this call: its next fact is in the log already. Hands off, without a word to Asterisk."""


def make_drafts(call: Call, happenings: Sequence[Happening]) -> tuple[Draft, ...]:
    """The facts of a step, ready for the log."""
    return tuple(
        Draft(
            id=new_id(Kind.EVENT),
            account_id=call.account_id,
            subject_id=call.id,
            occurred_at=happening.at,
            fact=happening.fact,
            actor=happening.actor,
            call_sequence=happening.sequence,
            request_id=happening.request_id,
            is_sandbox=call.is_sandbox,
            traceparent=call.traceparent,
        )
        for happening in happenings
    )
