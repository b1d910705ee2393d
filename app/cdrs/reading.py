"""From a row of ``cdr`` to its record, without loss."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from app.cdrs.columns import COLUMNS
from app.facts.calls import CdrRecord
from app.facts.vocabulary import (
    CallKind,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    Errand,
    Pair,
    Party,
    Quality,
)

#: JSON comes as the text that it is kept as, and is decoded by whoever needs it, at once into what it is to be.
_JSON_COLUMNS: Final = frozenset({"agent_party", "customer_party", "metadata_pairs"})
#: The account, which whoever asks knows, and what only repeats a part of the parties.
_LEFT_OUT: Final = frozenset({"account_id", "agent_number", "customer_name"})
#: What a row is read by, in order.
RECORD_NAMES: Final[tuple[str, ...]] = tuple(name for name in COLUMNS if name not in _LEFT_OUT)
RECORD_EXPRESSIONS: Final = ", ".join(f"{name}::text" if name in _JSON_COLUMNS else name for name in RECORD_NAMES)

_read_party: Final = msgspec.json.Decoder(Party).decode
_read_pairs: Final = msgspec.json.Decoder(tuple[Pair, ...]).decode


def read_record(row: asyncpg.Record) -> CdrRecord:
    """The record behind a row of ``RECORD_EXPRESSIONS``."""
    value: dict[str, Any] = dict(zip(RECORD_NAMES, row, strict=True))
    return CdrRecord(
        id=value["id"],
        call_id=value["call_id"],
        kind=CallKind(value["kind"]),
        direction=Direction(value["direction"]),
        disposition=Disposition(value["disposition"]),
        end_reason=EndReason(
            code=EndCode(value["end_code"]),
            party=EndParty(value["end_party"]),
            sip_code=value["sip_code"],
            hangup_cause=value["hangup_cause"],
        ),
        source=CdrSource(value["source"]),
        unique_id=value["unique_id"],
        created_at=value["created_at"],
        ringing_at=value["ringing_at"],
        answered_at=value["answered_at"],
        connected_at=value["connected_at"],
        ended_at=value["ended_at"],
        ring_seconds=value["ring_seconds"],
        talk_seconds=value["talk_seconds"],
        duration_seconds=value["duration_seconds"],
        agent=_read_party(value["agent_party"]),
        customer=_read_party(value["customer_party"]),
        agent_id=value["agent_id"],
        agent_name=value["agent_name"],
        extension=value["extension"],
        dialled_number=value["dialled_number"],
        caller_id=value["caller_id"],
        caller_id_name=value["caller_id_name"],
        trunk_id=value["trunk_id"],
        external_id=value["external_id"],
        request_id=value["request_id"],
        dtmf=value["dtmf"],
        recording_ids=tuple(value["recording_ids"]),
        metadata=_read_pairs(value["metadata_pairs"]),
        tags=tuple(value["tags"]),
        is_sandbox=value["is_sandbox"],
        quality=read_quality(value["mos"], value["loss_percent"], value["jitter_ms"]),
        queue_id=value["queue_id"],
        queue_wait_seconds=value["queue_wait_seconds"],
        errand=_read_errand(value),
        ring_group_id=value["ring_group_id"],
    )


def read_quality(mos: float | None, loss_percent: float | None, jitter_ms: float | None) -> Quality | None:
    """The quality behind its three columns."""
    if mos is None or loss_percent is None or jitter_ms is None:
        return None
    return Quality(mos=mos, loss_percent=loss_percent, jitter_ms=jitter_ms)


def _read_errand(value: Mapping[str, Any]) -> Errand | None:
    given = {name: value[name] for name in Errand.__struct_fields__}
    return None if all(one is None for one in given.values()) else Errand(**given)
