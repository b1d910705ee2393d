"""Records with every field set, for tests of what keeps and reads them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import orjson

from app.cdrs.rows import fill_cdrs
from app.db.compound import write_expressions
from app.db.engine import PooledConnection
from app.facts.calls import CdrRecord
from app.facts.vocabulary import (
    CallKind,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    Pair,
    Party,
)
from app.ids import Kind, new_id
from tests.calls.making import NOON


def make_cdr(created_at: datetime = NOON, **fields: Any) -> CdrRecord:
    record = CdrRecord(
        id=new_id(Kind.CDR),
        call_id=new_id(Kind.CALL),
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        disposition=Disposition.ANSWERED,
        end_reason=EndReason(code=EndCode.HANGUP, party=EndParty.CUSTOMER, sip_code=200, hangup_cause=16),
        source=CdrSource.RECOVERED,
        unique_id="ofk.n1.leg_1",
        created_at=created_at,
        ringing_at=created_at + timedelta(seconds=1.25),
        answered_at=created_at + timedelta(seconds=4),
        connected_at=created_at + timedelta(seconds=4),
        ended_at=created_at + timedelta(seconds=64, microseconds=1),
        agent=Party(number="+15550100099", display="Ada", extension="2001"),
        customer=Party(number="+15550100000", display="Grace", extension="2002", is_anonymous=True),
        ring_seconds=2.75,
        talk_seconds=60.0,
        duration_seconds=64.0,
        agent_id="agent_1",
        agent_name="Ada Lovelace",
        extension="2001",
        dialled_number="+15550100000",
        caller_id="+15550199999",
        caller_id_name="Acme",
        trunk_id="trunk_1",
        external_id="lead-7",
        request_id="req_1",
        dtmf="12#",
        recording_ids=("rec_1", "rec_2"),
        metadata=(Pair(key="b", value="2"), Pair(key="a", value="é\n")),
        tags=("spring", "vip"),
        is_sandbox=True,
    )
    return msgspec.structs.replace(record, **fields)


async def insert_cdrs(connection: PooledConnection, records: Sequence[tuple[str, CdrRecord]]) -> None:
    """Write records, each with its account's id, as the store does, in the caller's transaction."""
    filled = fill_cdrs(records)
    await connection.execute(f"WITH {', '.join(write_expressions([filled.part]))} SELECT", orjson.Fragment(filled.rows))
