"""The tables' classes and the SQL that the service is written in say the same."""

import msgspec
import sqlalchemy as sa

from app.cdrs.columns import COLUMNS
from app.cdrs.rows import fill_cdrs
from app.db.tables import CdrRow
from tests.cdrs.records import make_cdr


def test_given_the_records_table_when_compared_with_what_is_written_then_it_is_its_columns_in_order() -> None:
    assert tuple(sa.inspect(CdrRow).local_table.c.keys()) == COLUMNS
    (row,) = msgspec.json.decode(fill_cdrs([("acc_1", make_cdr())]).rows)
    assert row.keys() == set(COLUMNS)
