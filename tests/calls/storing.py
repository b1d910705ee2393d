"""Lives of calls on their way through a store with a spool, and what there is of them in the log and on disk."""

import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from app.calls.keeping.change import Change
from app.calls.keeping.spool import Spool
from app.calls.keeping.store import CallStore
from app.db.engine import Database, PooledConnection
from app.events.log import EventLog
from app.facts.event import Event
from tests.calls.lives import changes_of_life
from tests.calls.making import make_call

Hook = Callable[[PooledConnection, Sequence[Event]], Awaitable[None]]


def store_with(database: Database, folder: Path, hook: Hook) -> CallStore:
    """A store whose transactions go through the hook."""
    spool = Spool(folder, "n1", limit_bytes=10_000_000)
    return CallStore(database, EventLog(database, hooks=[hook]), spool=spool)


def told_life(seed: int = 2) -> list[Change]:
    """Changes with facts only: each goes through the hook."""
    return [change for change in changes_of_life(make_call(), random.Random(seed)) if change.drafts]


async def logged_facts(database: Database, life: list[Change]) -> list[str]:
    """The ids of the call's facts in the log, in order."""
    events = await EventLog(database).read_after(0, limit=1000)
    return [event.id for event in events if event.subject_id == life[0].call.id]


def facts_of(life: list[Change]) -> list[str]:
    """The ids of the facts that a life tells."""
    return [draft.id for change in life for draft in change.drafts]


def files_in(folder: Path) -> list[str]:
    """The kinds of files there, by their endings."""
    return sorted(path.suffix for path in folder.iterdir()) if folder.exists() else []
