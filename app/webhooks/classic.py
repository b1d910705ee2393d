"""The CLASSIC format: the flat bodies that CRMs took before, for the two moments they knew, connect and hang-up."""

from collections.abc import Sequence
from typing import Final

import msgspec

from app.facts.calls import CallConnected, CallEnded, CallRef
from app.facts.event import Event
from app.facts.recordings import SignedUrl
from app.facts.webhooks import WebhookTest
from app.webhooks.event_types import matching_names

#: All that an endpoint of this format gets, beside tests that somebody asks for.
CLASSIC_EVENTS: Final = (CallConnected.type, CallEnded.type)

_ENCODER: Final = msgspec.json.Encoder()


class NotClassicError(ValueError):
    """There is no flat body for events of this type."""


def classic_patterns(globs: Sequence[str]) -> list[str]:
    """What an endpoint of this format that asks for ``globs`` gets; empty when they name neither of the two."""
    named = matching_names(globs)
    return [name for name in CLASSIC_EVENTS if name in named]


def is_classic(event_type: str) -> bool:
    """Whether there is a flat body for events of this type."""
    return event_type in CLASSIC_EVENTS or event_type == WebhookTest.type


def encode_classic(event: Event, *, signed_url: SignedUrl | None = None) -> bytes:  # noqa: ARG001  # as all writers
    """The flat body: digits without ``+``, texts that are empty where nothing is known, whole seconds of talk.

    ``duration`` is 0 for a call that never connected, and at least 1 for one that did. The flat body has no place for
    a mark, so tests and samples name nobody: no call has all its texts empty.
    Recordings have no flat body, so there is no address either.

    Raises:
        NotClassicError: there is none for this event.
    """
    fact = event.fact
    match fact:
        case CallConnected():
            return _ENCODER.encode(_nobody(event) if event.is_test else _parties(fact.call))
        case CallEnded() if event.is_test:
            return _ENCODER.encode({**_nobody(event), "duration": 0})
        case CallEnded():
            duration = 0 if fact.cdr.connected_at is None else max(1, round(fact.talk_seconds))
            return _ENCODER.encode({**_parties(fact.call), "duration": duration})
        case WebhookTest():
            return _ENCODER.encode(_nobody(event))
        case _:
            raise NotClassicError(event.type)


def _parties(call: CallRef) -> dict[str, str]:
    return {
        "dialed_number": _digits(call.dialled_number),
        "extension": call.extension or "",
        "caller_id": _digits(call.caller_id),
        "uniqueid": call.unique_id,
    }


def _nobody(event: Event) -> dict[str, str]:
    return {"dialed_number": "", "extension": "", "caller_id": "", "uniqueid": event.id}


def _digits(number: str | None) -> str:
    return (number or "").removeprefix("+")
