"""Between a record and its row, both ways, without loss."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import orjson
import sqlalchemy as sa

from app.cdrs.statistics_rollup import add_to_rollup
from app.db.engine import PooledConnection
from app.db.tables import CdrRow
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallKind, CdrSource, Direction, Disposition, EndCode, EndParty, EndReason, Pair, Party

CDR_TABLE: Final = sa.inspect(CdrRow).local_table
_NAMES: Final = tuple(CDR_TABLE.c.keys())
# A batch that is replayed after a crash finds some of its records written: they never change, so they stay.
_INSERT: Final = (
    f"INSERT INTO cdr ({', '.join(_NAMES)}) "  # noqa: S608 -- the table's own column names
    f"VALUES ({', '.join(f'${number}' for number in range(1, len(_NAMES) + 1))}) ON CONFLICT (call_id) DO NOTHING "
    "RETURNING id"
)
_ENCODER: Final = msgspec.json.Encoder()


async def insert_cdrs(connection: PooledConnection, records: Sequence[tuple[str, CdrRecord]]) -> None:
    """Write records, each with its account's id, in the caller's transaction, and count them in the statistics.

    A call that has its record already keeps it, and is not counted again.
    """
    if not records:
        return
    rows = await connection.fetchmany(_INSERT, [_write_row(account_id, record) for account_id, record in records])
    new = {row["id"] for row in rows}
    await add_to_rollup(connection, [entry for entry in records if entry[1].id in new])


def read_record(row: sa.Row[Any]) -> CdrRecord:
    """The record behind a row of ``CDR_TABLE``."""
    return CdrRecord(
        id=row.id,
        call_id=row.call_id,
        kind=CallKind(row.kind),
        direction=Direction(row.direction),
        disposition=Disposition(row.disposition),
        end_reason=EndReason(
            code=EndCode(row.end_code),
            party=EndParty(row.end_party),
            sip_code=row.sip_code,
            hangup_cause=row.hangup_cause,
        ),
        source=CdrSource(row.source),
        unique_id=row.unique_id,
        created_at=row.created_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        connected_at=row.connected_at,
        ended_at=row.ended_at,
        ring_seconds=row.ring_seconds,
        talk_seconds=row.talk_seconds,
        duration_seconds=row.duration_seconds,
        agent=msgspec.convert(row.agent_party, Party),
        customer=msgspec.convert(row.customer_party, Party),
        agent_id=row.agent_id,
        agent_name=row.agent_name,
        extension=row.extension,
        dialled_number=row.dialled_number,
        caller_id=row.caller_id,
        caller_id_name=row.caller_id_name,
        trunk_id=row.trunk_id,
        external_id=row.external_id,
        request_id=row.request_id,
        dtmf=row.dtmf,
        recording_ids=tuple(row.recording_ids),
        metadata=tuple(Pair(key=pair["key"], value=pair["value"]) for pair in row.metadata_pairs),
        tags=tuple(row.tags),
        is_sandbox=row.is_sandbox,
    )


def _write_row(account_id: str, record: CdrRecord) -> list[Any]:
    values = {
        "id": record.id,
        "account_id": account_id,
        "call_id": record.call_id,
        "kind": record.kind.value,
        "direction": record.direction.value,
        "disposition": record.disposition.value,
        "end_code": record.end_reason.code.value,
        "end_party": record.end_reason.party.value,
        "sip_code": record.end_reason.sip_code,
        "hangup_cause": record.end_reason.hangup_cause,
        "source": record.source.value,
        "unique_id": record.unique_id,
        "created_at": record.created_at,
        "ringing_at": record.ringing_at,
        "answered_at": record.answered_at,
        "connected_at": record.connected_at,
        "ended_at": record.ended_at,
        "ring_seconds": record.ring_seconds,
        "talk_seconds": record.talk_seconds,
        "duration_seconds": record.duration_seconds,
        "agent_id": record.agent_id,
        "agent_name": record.agent_name,
        "agent_number": record.agent.number,
        "extension": record.extension,
        "dialled_number": record.dialled_number,
        "customer_name": record.customer.display,
        "caller_id": record.caller_id,
        "caller_id_name": record.caller_id_name,
        "trunk_id": record.trunk_id,
        "external_id": record.external_id,
        "request_id": record.request_id,
        "dtmf": record.dtmf,
        "recording_ids": record.recording_ids,
        "metadata_pairs": _json(record.metadata),
        "tags": record.tags,
        "is_sandbox": record.is_sandbox,
        "agent_party": _json(record.agent),
        "customer_party": _json(record.customer),
    }
    return [values[name] for name in _NAMES]


def _json(value: Any) -> orjson.Fragment:
    return orjson.Fragment(_ENCODER.encode(value))
