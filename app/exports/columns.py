"""What a row of each kind says: the cells of a CSV file, and one JSON object of an NDJSON file."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from app.contacts.model import Contact, DncEntry
from app.exports.plan import ExportKind
from app.facts.calls import CdrRecord
from app.facts.catalogue import encode_event, rfc3339
from app.facts.event import Event
from app.facts.masking import HIDDEN, Sight, mask_fact, mask_number
from app.recordings.model import Recording

Cell = str | None
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def _text(value: object) -> Cell:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime():
            return rfc3339(value)
        case tuple() | list():
            return " ".join(str(one) for one in value)
        case _:
            return str(value)


def _number(number: str | None, sight: Sight) -> Cell:
    return number if number is None or sight.has_numbers else mask_number(number)


_CDR_PLAIN: Final = (
    *("id", "call_id", "kind", "direction", "disposition", "created_at", "ringing_at", "answered_at", "connected_at"),
    *("ended_at", "ring_seconds", "talk_seconds", "duration_seconds", "agent_id", "agent_name", "extension"),
    *("dialled_number", "caller_id", "caller_id_name", "trunk_id", "queue_id", "queue_wait_seconds", "dtmf"),
    *("external_id", "request_id", "unique_id", "source", "recording_ids", "tags", "is_sandbox"),
)
_CDR_NAMES: Final = (
    *_CDR_PLAIN,
    *("customer_number", "customer_name", "end_code", "end_party", "sip_code", "hangup_cause"),
    *("campaign_id", "contact_id", "callback_id", "otp_id", "metadata", "mos", "loss_percent", "jitter_ms"),
    "ring_group_id",
)


def _cdr_cells(record: CdrRecord, sight: Sight) -> list[Cell]:
    seen = mask_fact(record, sight)
    errand, quality = seen.errand, seen.quality
    return [
        *(_text(getattr(seen, name)) for name in _CDR_PLAIN),
        seen.customer.number,
        seen.customer.display,
        seen.end_reason.code.value,
        seen.end_reason.party.value,
        _text(seen.end_reason.sip_code),
        _text(seen.end_reason.hangup_cause),
        *(
            (None,) * 4
            if errand is None
            else (errand.campaign_id, errand.contact_id, errand.callback_id, errand.otp_id)
        ),
        " ".join(f"{pair.key}={pair.value}" for pair in seen.metadata),
        *((None,) * 3 if quality is None else map(_text, (quality.mos, quality.loss_percent, quality.jitter_ms))),
        seen.ring_group_id,
    ]


def _contact_names(fields: Sequence[str]) -> tuple[str, ...]:
    return ("id", "number", "name", "time_zone", "zones", "external_id", "created_at", "updated_at", *fields)


def _contact_fields(contact: Contact, sight: Sight) -> Mapping[str, str]:
    return contact.fields if sight.has_numbers else dict.fromkeys(contact.fields, HIDDEN)


def _contact_cells(contact: Contact, sight: Sight, fields: Sequence[str]) -> list[Cell]:
    values = _contact_fields(contact, sight)
    return [
        contact.id,
        _number(contact.number, sight),
        contact.name if sight.has_numbers else None,
        contact.time_zone,
        " ".join(contact.zones),
        contact.external_id,
        rfc3339(contact.created_at),
        rfc3339(contact.updated_at),
        *(values.get(name) for name in fields),
    ]


def _contact_json(contact: Contact, sight: Sight) -> dict[str, Any]:
    return {
        "id": contact.id,
        "listId": contact.list_id,
        "number": _number(contact.number, sight),
        "name": contact.name if sight.has_numbers else None,
        "timeZone": contact.time_zone,
        "zones": contact.zones,
        "externalId": contact.external_id,
        "fields": _contact_fields(contact, sight),
        "createdAt": rfc3339(contact.created_at),
        "updatedAt": rfc3339(contact.updated_at),
    }


_ENTRY_NAMES: Final = ("number", "reason", "source", "created_at")


def _entry_cells(entry: DncEntry, sight: Sight) -> list[Cell]:
    return [_number(entry.number, sight), entry.reason, entry.source.value, rfc3339(entry.created_at)]


_RECORDING_PLAIN: Final = (
    *("id", "call_id", "kind", "mode", "state", "created_at", "started_at", "saved_at", "deleted_at", "extension"),
    *("duration_seconds", "size_bytes", "channels", "sample_rate", "sha256", "failure"),
)
# Later ones at the end: others keep their places.
_RECORDING_NAMES: Final = (*_RECORDING_PLAIN, "customer_number", "lost_seconds")


def _recording_cells(recording: Recording, sight: Sight) -> list[Cell]:
    plain = (_text(getattr(recording, name)) for name in _RECORDING_PLAIN)
    return [*plain, _number(recording.customer_number, sight), _text(recording.lost_seconds)]


_EVENT_NAMES: Final = (
    *("id", "type", "timestamp", "sequence", "subject_id", "call_sequence", "actor_kind", "actor_id", "request_id"),
    *("sandbox", "data"),
)


def _event_cells(event: Event, sight: Sight) -> list[Cell]:
    return [
        event.id,
        event.type,
        rfc3339(event.timestamp),
        str(event.sequence),
        event.subject_id,
        _text(event.call_sequence),
        event.actor.kind.value,
        event.actor.id,
        event.request_id,
        _text(event.is_sandbox),
        _encode(mask_fact(event.fact, sight)).decode(),
    ]


def names_of(kind: ExportKind, fields: Sequence[str] = ()) -> tuple[str, ...]:
    """The headings of a kind's columns; ``fields`` are a contact list's free fields."""
    match kind:
        case ExportKind.CDRS:
            return _CDR_NAMES
        case ExportKind.CONTACTS:
            return _contact_names(fields)
        case ExportKind.DNC_ENTRIES:
            return _ENTRY_NAMES
        case ExportKind.RECORDINGS:
            return _RECORDING_NAMES
        case ExportKind.EVENTS:
            return _EVENT_NAMES


def cells_of(kind: ExportKind, sight: Sight, fields: Sequence[str] = ()) -> Callable[[Any], list[Cell]]:
    """Makes a row's cells, in the order of the headings, as ``sight`` allows."""
    match kind:
        case ExportKind.CDRS:
            return lambda item: _cdr_cells(item, sight)
        case ExportKind.CONTACTS:
            return lambda item: _contact_cells(item, sight, fields)
        case ExportKind.DNC_ENTRIES:
            return lambda item: _entry_cells(item, sight)
        case ExportKind.RECORDINGS:
            return lambda item: _recording_cells(item, sight)
        case ExportKind.EVENTS:
            return lambda item: _event_cells(item, sight)


def json_of(kind: ExportKind, sight: Sight) -> Callable[[Any], bytes]:
    """Makes a row's JSON object, as ``sight`` allows: records and events as webhooks have them, others by the headings
    in camelCase.
    """
    match kind:
        case ExportKind.CDRS:
            return lambda item: _encode(mask_fact(item, sight))
        case ExportKind.CONTACTS:
            return lambda item: _encode(_contact_json(item, sight))
        case ExportKind.EVENTS:
            return lambda item: encode_event(msgspec.structs.replace(item, fact=mask_fact(item.fact, sight)))
        case ExportKind.DNC_ENTRIES | ExportKind.RECORDINGS:
            names, cells = [_camel(name) for name in names_of(kind)], cells_of(kind, sight)
            return lambda item: _encode(dict(zip(names, cells(item), strict=True)))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
