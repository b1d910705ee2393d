"""Records on their way into the database and back."""

import pytest

from app.cdrs.queries import CdrQueries
from app.db.engine import Database
from app.facts.calls import CdrRecord
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason, Party
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres


def _bare() -> CdrRecord:
    return make_cdr(
        agent=Party(),
        customer=Party(),
        end_reason=EndReason(code=EndCode.API_HANGUP, party=EndParty.SYSTEM),
        ringing_at=None,
        answered_at=None,
        connected_at=None,
        agent_id=None,
        agent_name=None,
        extension=None,
        dialled_number=None,
        caller_id=None,
        caller_id_name=None,
        trunk_id=None,
        external_id=None,
        request_id=None,
        dtmf=None,
        metadata=(),
        tags=(),
        recording_ids=(),
        is_sandbox=False,
    )


async def test_given_records_full_and_bare_when_written_then_they_are_read_back_without_loss(
    database: Database,
) -> None:
    records = [make_cdr(), _bare()]
    async with database.acquire() as connection, connection.transaction():
        await insert_cdrs(connection, [("acc_1", record) for record in records])
    found = await CdrQueries(database).get_many("acc_1", [record.id for record in records])
    assert found == {record.id: record for record in records}


async def test_given_a_call_that_has_its_record_when_written_again_then_the_first_stays(database: Database) -> None:
    first = make_cdr()
    second = make_cdr(call_id=first.call_id, disposition=Disposition.FAILED)
    async with database.acquire() as connection:
        await insert_cdrs(connection, [("acc_1", first)])
        await insert_cdrs(connection, [("acc_1", second), ("acc_1", make_cdr())])
    assert await CdrQueries(database).get_by_call("acc_1", [str(first.call_id)]) == {first.call_id: first}


async def test_given_a_transaction_that_fails_when_records_were_written_in_it_then_they_are_gone(
    database: Database,
) -> None:
    record = make_cdr()

    async def write_and_fail() -> None:
        async with database.acquire() as connection, connection.transaction():
            await insert_cdrs(connection, [("acc_1", record)])
            raise RuntimeError("after the record")

    with pytest.raises(RuntimeError, match="after the record"):
        await write_and_fail()
    assert await CdrQueries(database).get("acc_1", record.id) is None
