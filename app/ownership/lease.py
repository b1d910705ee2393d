"""The lease of an Asterisk: one row, one holder, a token that rises with every change of hands.

Only the database's clock counts, read under the row's lock. A lease that has run out and that nobody took can still be
renewed by its holder: nothing has happened meanwhile.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.db.engine import Database, telling_when_away
from app.db.kept import KeptConnection
from app.errors import AsteriskUnavailableError
from app.ownership.holder import Holder, is_surely_dead

LEASE_SECONDS: Final = 6.0
RENEW_SECONDS: Final = 2.0
#: For one statement on the lease's own connection.
STATEMENT_SECONDS: Final = 2.0
#: For giving a lease back, which runs out anyway.
GOODBYE_SECONDS: Final = 1.0
#: Heard by whoever waits for a lease; the payload is the node.
CHANNEL: Final = "offhook_lease"

_READ: Final = """
SELECT holder, token, expires_at, why_not_ready, expires_at > clock_timestamp() AS is_held
FROM asterisk_lease WHERE node = $1
"""
# Until when a lease that has run out was as its row says, nobody knows better than the row.
_STANDINGS: Final = """
SELECT node, is_held, is_held AND why_not_ready IS NULL AS is_ready, asterisk_version,
    CASE WHEN is_held OR why_not_ready IS NOT NULL THEN standing_since ELSE expires_at END AS since
FROM asterisk_lease
CROSS JOIN LATERAL (SELECT holder IS NOT NULL AND expires_at > clock_timestamp() AS is_held) AS now
WHERE node = $1 OR expires_at > clock_timestamp() - make_interval(secs => $2)
ORDER BY node
"""
_SINCE: Final = """
    standing_since = CASE WHEN lease.standing_since IS NULL OR (lease.why_not_ready IS NULL) <> ({why}::varchar IS NULL)
        THEN clock_timestamp() ELSE lease.standing_since END
"""
# The condition is looked at under the row's lock: of several who try at once, one gets it.
_ACQUIRE: Final = f"""
INSERT INTO asterisk_lease AS lease (node, holder, token, expires_at, why_not_ready, standing_since)
VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3), $4, clock_timestamp())
ON CONFLICT (node) DO UPDATE
SET holder = excluded.holder, token = lease.token + 1, why_not_ready = excluded.why_not_ready,
    expires_at = clock_timestamp() + make_interval(secs => $3), {_SINCE.format(why="$4")}
WHERE lease.holder IS NULL OR lease.expires_at <= clock_timestamp() OR (lease.holder = $5 AND lease.token = $6)
RETURNING token
"""  # noqa: S608 -- only our own constants
_RENEW: Final = f"""
UPDATE asterisk_lease AS lease
SET expires_at = clock_timestamp() + make_interval(secs => $4), why_not_ready = $5,
    asterisk_version = coalesce($6, asterisk_version), {_SINCE.format(why="$5")}
WHERE node = $1 AND token = $2 AND holder = $3
RETURNING true
"""  # noqa: S608 -- only our own constants
_RELEASE: Final = f"""
WITH released AS (
    UPDATE asterisk_lease AS lease
    SET holder = NULL, expires_at = clock_timestamp(), why_not_ready = 'Nobody drives it.',
        {_SINCE.format(why="''")}
    WHERE node = $1 AND token = $2 AND holder = $3
    RETURNING node
)
SELECT pg_notify('{CHANNEL}', node) FROM released
"""  # noqa: S608 -- only our own constant


class HandedOverError(AsteriskUnavailableError):
    """The Asterisk went to another process before the request was answered: nobody here knows what became of it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was acquired. Whether it is still held, the row says."""

    node: str
    holder: Holder
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """A lease's row. ``is_held``: it had a holder and had not run out when it was read."""

    holder: str | None
    token: int
    expires_at: datetime
    why_not_ready: str | None
    is_held: bool

    @property
    def shown_holder(self) -> str:
        """The holder, for people."""
        holder = None if self.holder is None else Holder.parse(self.holder)
        return "nobody" if holder is None else holder.shown


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStanding:
    """How an Asterisk stands by its lease's row: ``is_held``, somebody drives it; ``is_ready``, calls can be dialled.

    ``since``: for so long without a break; None where that was not noted. ``asterisk_version`` is the latest that it
    told, None before it told one.
    """

    node: str
    is_held: bool
    is_ready: bool
    since: datetime | None
    asterisk_version: str | None


class Leases:
    """The lease rows, over one connection of their own: a pool that is used up must not cost a lease.

    Every method raises DatabaseUnavailableError within seconds when the database is away.
    """

    def __init__(self, database: Database, *, seconds: float = LEASE_SECONDS) -> None:
        self._connection = KeptConnection(database, application_name="offhook lease", settings={})
        self._seconds = seconds
        self._turn = asyncio.Lock()

    @property
    def seconds(self) -> float:
        """How long a lease lasts from its latest renewal."""
        return self._seconds

    async def read(self, node: str) -> LeaseState | None:
        """The lease as it stands; None when nobody ever had it."""
        row = await self._fetch(_READ, node)
        return None if row is None else _state(row)

    async def acquire(self, node: str, holder: Holder, *, why_not_ready: str | None = None) -> Lease | None:
        """Take a lease that is free, has run out, or whose holder is known to be dead; None while it is held."""
        state = await self.read(node)
        dead_holder, dead_token = "", 0
        if state is not None and state.is_held and state.holder is not None:
            if not await asyncio.to_thread(is_surely_dead, state.holder):
                return None
            dead_holder, dead_token = state.holder, state.token
        row = await self._fetch(_ACQUIRE, node, str(holder), self._seconds, why_not_ready, dead_holder, dead_token)
        return None if row is None else Lease(node, holder, row["token"])

    async def renew(
        self, lease: Lease, *, why_not_ready: str | None = None, asterisk_version: str | None = None
    ) -> bool:
        """Hold on to a lease, and say how its Asterisk is; False when it has gone to somebody else.

        ``asterisk_version`` None leaves what was told before.
        """
        held = await self._fetch(
            *(_RENEW, lease.node, lease.token, str(lease.holder), self._seconds, why_not_ready, asterisk_version)
        )
        return held is not None

    async def release(self, lease: Lease) -> None:
        """Give a lease back, and tell those who wait for it; nothing happens when it has gone already."""
        await self._fetch(_RELEASE, lease.node, lease.token, str(lease.holder), seconds=GOODBYE_SECONDS)

    async def aclose(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _fetch(self, query: str, *values: object, seconds: float = STATEMENT_SECONDS) -> Any:
        async with self._turn, telling_when_away(), asyncio.timeout(seconds), self._connection.use() as connection:
            return await connection.fetchrow(query, *values)


async def read_lease(database: Database, node: str) -> LeaseState | None:
    """The lease of a node, for whoever only wants to know; None when nobody ever had it.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with database.acquire() as connection:
        row = await connection.fetchrow(_READ, node)
    return None if row is None else _state(row)


async def read_standings(database: Database, node: str, *, forgotten_seconds: float) -> list[NodeStanding]:
    """This node, if anybody ever had it, and those that somebody had within so many seconds; by name.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with database.acquire() as connection:
        rows = await connection.fetch(_STANDINGS, node, forgotten_seconds)
    return [
        NodeStanding(
            node=row["node"],
            is_held=row["is_held"],
            is_ready=row["is_ready"],
            since=row["since"],
            asterisk_version=row["asterisk_version"],
        )
        for row in rows
    ]


def _state(row: Any) -> LeaseState:
    return LeaseState(
        holder=row["holder"],
        token=row["token"],
        expires_at=row["expires_at"],
        why_not_ready=row["why_not_ready"],
        is_held=row["is_held"] and row["holder"] is not None,
    )
