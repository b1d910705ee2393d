"""How the queue's statements want to be planned, whatever the planner believes of the tables' size.

They touch a few rows by index, always. PostgreSQL plans a prepared statement once and keeps the plan until the table's
statistics change: one made while the queue was all but empty joins by reading all of it, and goes on doing so while
the first hundred thousand deliveries pile up.
"""

from typing import Final

from app.db.engine import PooledConnection

_KNOBS: Final = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
_BY_INDEX: Final = "; ".join(f"SET LOCAL {knob} = off" for knob in _KNOBS)
_AS_USUAL: Final = "; ".join(f"SET LOCAL {knob} TO DEFAULT" for knob in _KNOBS)


async def plan_by_index(connection: PooledConnection, *, durable: bool = True) -> None:
    """Have the present transaction's statements planned by index, until its end or :func:`plan_as_usual`.

    Not ``durable``: a crash of the server may forget the transaction.
    """
    await connection.execute(_BY_INDEX if durable else f"SET LOCAL synchronous_commit = off; {_BY_INDEX}")


async def plan_as_usual(connection: PooledConnection) -> None:
    """End what :func:`plan_by_index` began, for a transaction that others go on with."""
    await connection.execute(_AS_USUAL)
