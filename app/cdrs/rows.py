"""From a record to its row, without loss; ``reading`` goes the other way."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from app.cdrs import number_history
from app.cdrs.columns import COLUMNS
from app.cdrs.statistics_rollup import COUNTED_COLUMNS, count_in_rollup
from app.db.compound import Filled, Part
from app.facts.calls import CdrRecord
from app.facts.vocabulary import Errand

_COLUMNS: Final = ", ".join(COLUMNS)
# A batch that is replayed after a crash finds some of its records written: they never change, so they stay, and are not
# counted again. A call has one record, and a contact that is never called has one of an id that is always the same.
_INSERT: Final = (
    f"INSERT INTO cdr ({_COLUMNS}) SELECT {_COLUMNS} "  # noqa: S608 -- the table's own column names
    "FROM json_populate_recordset(NULL::cdr, {rows}) ON CONFLICT DO NOTHING "
    f"RETURNING {', '.join(dict.fromkeys((*COUNTED_COLUMNS, *number_history.COUNTED_COLUMNS)))}"
)
_RECORDS: Final = Part(
    (
        ("cdr_written", _INSERT),
        ("cdr_counted", count_in_rollup("cdr_written")),
        ("numbers_counted", number_history.count_by_number("cdr_written")),
    )
)
_ENCODER: Final = msgspec.json.Encoder()
_NO_ERRAND: Final = Errand()


def fill_cdrs(records: Iterable[tuple[str, CdrRecord]]) -> Filled:
    """Records, each with its account's id, to be written and counted in the statistics.

    A call that has its record already keeps it, and is not counted again.
    """
    return Filled(_RECORDS, _ENCODER.encode([_write_row(account_id, record) for account_id, record in records]))


def _write_row(account_id: str, record: CdrRecord) -> dict[str, Any]:
    errand = record.errand or _NO_ERRAND
    return {
        "id": record.id,
        "account_id": account_id,
        "call_id": record.call_id,
        "kind": record.kind,
        "direction": record.direction,
        "disposition": record.disposition,
        "end_code": record.end_reason.code,
        "end_party": record.end_reason.party,
        "sip_code": record.end_reason.sip_code,
        "hangup_cause": record.end_reason.hangup_cause,
        "source": record.source,
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
        "metadata_pairs": record.metadata,
        "tags": record.tags,
        "is_sandbox": record.is_sandbox,
        "queue_id": record.queue_id,
        "queue_wait_seconds": record.queue_wait_seconds,
        "agent_party": record.agent,
        "customer_party": record.customer,
        "mos": None if record.quality is None else record.quality.mos,
        "loss_percent": None if record.quality is None else record.quality.loss_percent,
        "jitter_ms": None if record.quality is None else record.quality.jitter_ms,
        "campaign_id": errand.campaign_id,
        "contact_id": errand.contact_id,
        "contact_list_id": errand.contact_list_id,
        "callback_id": errand.callback_id,
        "otp_id": errand.otp_id,
        "ring_group_id": record.ring_group_id,
    }
