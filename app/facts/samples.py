"""Samples: a believable event of each type, for whoever builds what receives them. Nothing of it happened.

Its call is a click-to-call in the sandbox: extension 2001, and a customer who hangs up after 42 seconds.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from app.facts.calls import CallEnded, CallFact, CallRef, CdrRecord, Fact, LegRef
from app.facts.catalogue import FACT_TYPES
from app.facts.event import Event
from app.facts.vocabulary import AnsweredBy, Disposition, EndParty, EndReason, LegRole, Party, RecordingMode
from app.facts.webhooks import WebhookTriggered
from app.ids import Kind, derived_id

_CUSTOMER: Final = Party(number="+15550100000", display="Pat Example")
_AGENT: Final = Party(extension="2001", display="Sam Sample")
_TALK: Final = 42.0
_RING: Final = 6.0
_DURATION: Final = 50.0

#: Seconds before the event.
_INSTANTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "created_at": _DURATION,
        "ringing_at": _TALK + _RING,
        "answered_at": _TALK,
        "connected_at": _TALK,
        "ended_at": 0.0,
        "paused_at": 12.0,
        "resumed_at": 0.0,
        "since": 0.0,
        "joined_at": 20.0,
        "blind_from": 9.0,
        "blind_until": 0.0,
        "due_at": 0.0,
    }
)
_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "agent_id": Kind.AGENT,
        "call_id": Kind.CALL,
        "callback_id": Kind.CALLBACK,
        "campaign_id": Kind.CAMPAIGN,
        "contact_id": Kind.CONTACT,
        "contact_list_id": Kind.CONTACT_LIST,
        "delivery_id": Kind.WEBHOOK_DELIVERY,
        "device_id": Kind.DEVICE,
        "endpoint_id": Kind.WEBHOOK_ENDPOINT,
        "event_id": Kind.EVENT,
        "extension_id": Kind.EXTENSION,
        "flow_id": Kind.CALL_FLOW,
        "job_id": Kind.JOB,
        "leg_id": Kind.LEG,
        "list_id": Kind.DNC_LIST,
        "otp_id": Kind.OTP,
        "playback_id": Kind.PLAYBACK,
        "queue_id": Kind.QUEUE,
        "recording_id": Kind.RECORDING,
        "ring_group_id": Kind.RING_GROUP,
        "stream_id": Kind.MEDIA_STREAM,
        "supervision_id": Kind.SUPERVISION,
        "transcript_id": Kind.TRANSCRIPT,
        "transfer_id": Kind.TRANSFER,
        "trunk_id": Kind.TRUNK,
    }
)
#: Ids that are known whenever a call is, and so filled in although they need not be.
_TOLD_IDS: Final = frozenset({"call_id", "agent_id", "trunk_id"})
_IDS: Final[Mapping[type, Kind]] = MappingProxyType({CallRef: Kind.CALL, LegRef: Kind.LEG, CdrRecord: Kind.CDR})
_VALUES: Final[Mapping[str, object]] = MappingProxyType(
    {
        "agent": _AGENT,
        "agent_name": "Sam Sample",
        "amount": "10.00",
        "answered_by": AnsweredBy.HUMAN,
        "attempts": 1,
        "caller": _CUSTOMER,
        "caller_id": "+15550100199",
        "channel_name": "PJSIP/sandbox-00000001",
        "channels": 2,
        "contact": _CUSTOMER,
        "currency": "USD",
        "customer": _CUSTOMER,
        "dialled_number": "+15550100000",
        "digit": "1",
        "digits": "1",
        "disposition": Disposition.ANSWERED,
        "dtmf": "1",
        "duration_milliseconds": 42_000,
        "duration_seconds": _TALK,
        "ended_by": EndParty.CUSTOMER,
        "event_type": "call.ended",
        "extension": "2001",
        "external_id": "lead-4711",
        "failure": None,
        "hangup_cause": 16,
        "host": "192.0.2.10",
        "is_sandbox": True,
        "language": "en",
        "lost_seconds": 0.0,
        "mode": RecordingMode.BOTH,
        "name": "sample",
        "node": "n1",
        "number": "+15550100000",
        "party": _CUSTOMER,
        "recording_mode": RecordingMode.BOTH,
        "ring_seconds": _RING,
        "role": LegRole.CUSTOMER,
        "sample_rate": 8000,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size_bytes": 1_344_044,  # 42 s of stereo at 8 kHz, and a header
        "step": "greeting",
        "step_kind": "play",
        "supervisor": Party(extension="2002", display="Kim Example"),
        "tags": ("sample",),
        "talk_seconds": _TALK,
        "target": Party(extension="2003"),
        "value": "sample",
    }
)
#: Where a name means something else than elsewhere.
_VALUES_OF: Final[Mapping[tuple[type, str], object]] = MappingProxyType(
    {
        (CallEnded, "duration_seconds"): _DURATION,
        (CdrRecord, "duration_seconds"): _DURATION,
        (EndReason, "party"): EndParty.CUSTOMER,
    }
)
#: Who is meant where a leg is not the customer's.
_AGENTS_LEGS: Final = frozenset({"by", "heard_by", "listens_to"})
_PLACES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "call.created": 1,
        "leg.dialing": 2,
        "leg.ringing": 3,
        "leg.answered": 4,
        "call.connected": 8,
        "leg.ended": 10,
        "call.ended": 12,
    }
)
_IN_THE_CALL: Final = 9


def sample_event(triggered: Event) -> Event:
    """The sample that a ``webhook.triggered`` stands for: its envelope, with another fact in it.

    It is the same each time it is made of the same event, so that retries and replays send what was sent before. Its
    ids name nothing that exists, and it says of itself that it is a test and of the sandbox.

    Raises:
        KeyError: it stands for a type that this version does not know.
    """
    assert isinstance(triggered.fact, WebhookTriggered)
    event_type = triggered.fact.event_type
    fact = _Maker(triggered.id, triggered.timestamp).make_fact(FACT_TYPES[event_type])
    return msgspec.structs.replace(
        triggered,
        type=event_type,
        subject_id=_subject_of(fact) or triggered.subject_id,
        call_sequence=_PLACES.get(event_type, _IN_THE_CALL) if isinstance(fact, CallFact) else None,
        fact=fact,
        is_sandbox=True,
        is_test=True,
    )


def _subject_of(fact: Fact) -> str | None:
    if isinstance(fact, CallFact):
        return fact.call.id
    return next((getattr(fact, name) for name in fact.__struct_fields__ if name.endswith("_id")), None)


class _Maker:
    """Fills in facts. What has the same name means the same throughout one sample, as it does in an event."""

    def __init__(self, seed: str, at: datetime) -> None:
        self._seed = seed
        self._at = at

    def make_fact(self, fact: type[Fact]) -> Fact:
        made: Fact = self._make_struct(fact)
        return made

    def _make_struct(self, struct: type[Any], *, is_agents: bool = False) -> Any:
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(struct):
            is_required = field.required
            kind = _required_type(field.type)
            if (struct, field.name) in _VALUES_OF:
                values[field.name] = _VALUES_OF[struct, field.name]
            elif field.name == "id":
                values[field.name] = self._id(_IDS[struct], "agent" if is_agents else "customer")
            elif field.name in _KINDS and (is_required or field.name in _TOLD_IDS):
                values[field.name] = self._id(_KINDS[field.name])
            elif kind is datetime and (is_required or field.name in _INSTANTS):
                values[field.name] = self._at - timedelta(seconds=_INSTANTS.get(field.name, 0.0))
            elif field.name in _VALUES and _fits(_VALUES[field.name], kind):
                values[field.name] = _VALUES[field.name]
            elif is_required:
                values[field.name] = self._value(kind, field.name)
        if struct is LegRef and is_agents:
            values |= {"role": LegRole.AGENT, "party": _AGENT}
        if struct is CallRef or struct is CdrRecord:
            values["unique_id"] = f"ofk.n1.{self._id(Kind.LEG, 'agent')}"
        return struct(**values)

    def _value(self, kind: Any, name: str) -> Any:
        if isinstance(kind, type):
            if issubclass(kind, msgspec.Struct):
                return self._make_struct(kind, is_agents=name in _AGENTS_LEGS)
            if issubclass(kind, Enum):
                return next(iter(kind))
            if kind is str:
                return f"a sample's {name.replace('_', ' ')}"
            return {bool: False, int: 1, float: 1.0}[kind]
        return ()  # the one form there is besides: a tuple of anything

    def _id(self, kind: Kind, which: str = "") -> str:
        return derived_id(kind, self._at, f"{self._seed} {which if kind is Kind.LEG else ''}")


def _required_type(kind: Any) -> Any:
    """The type without the ``None`` that stands beside it."""
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = [one for one in get_args(kind) if one is not NoneType]
    return kind


def _fits(value: object, kind: Any) -> bool:
    return value is None or isinstance(value, get_origin(kind) or kind)
