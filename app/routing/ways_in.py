"""What the rows say of a call that comes in: whose it is, and whom to ring for it, in which order.

Everything is looked up when the call comes, so a change holds for the next call. Whether somebody can be rung at all is
decided by whoever plans the call; here it is only said who is meant.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from app.db.engine import Database
from app.errors import RefusedError
from app.facts.vocabulary import RecordingMode
from app.numbers.parse import E164, is_e164, parse_destination
from app.routing.inbound import best_pattern
from app.routing.model import Lead, Queue
from app.routing.stops import Stop, Stops, flow_in, queue_in
from app.routing.targets import target_from_json

_TRUNK: Final = """
SELECT trunk.id, trunk.account_id, trunk.is_sandbox, trunk.max_channels, account.default_region
FROM trunk JOIN account ON account.id = trunk.account_id
WHERE trunk.endpoint = $1 AND trunk.deleted_at IS NULL AND trunk.is_enabled AND account.suspended_at IS NULL
"""
_ROUTES: Final = """
SELECT trunk_id, pattern, target, overflow, recording_mode FROM inbound_route
WHERE account_id = $1 AND deleted_at IS NULL AND is_enabled AND (trunk_id IS NULL OR trunk_id = $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """Whose call it is and where it goes. Without ``has_route`` the account has no route for what was dialled.

    ``dialled`` is E.164 where what was dialled can be read as such, else as it came. ``queue`` is the one in which the
    caller is to wait once nobody of ``stops`` can be had: at once, when the route leads there. ``flow`` likewise is
    what leads it on then.
    """

    account_id: str
    default_region: str
    trunk_id: str
    is_sandbox: bool
    dialled: str
    has_route: bool
    stops: tuple[Stop, ...] = ()
    queue: Queue | None = None
    flow: Lead | None = None
    recording_mode: RecordingMode = RecordingMode.OFF
    max_channels: int | None = None


class WaysIn:
    """The inbound half of the directory."""

    def __init__(self, database: Database, *, shuffle: random.Random | None = None) -> None:
        self._database = database
        self._stops = Stops(database, shuffle=shuffle)

    async def find(self, endpoint: str, dialled: str) -> WayIn | None:
        """The way of a call that came over a trunk (by its PJSIP endpoint); None when there is no such trunk.

        The account is read off the endpoint, never off what the caller says.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            trunk = await connection.fetchrow(_TRUNK, endpoint)
            if trunk is None:
                return None
            routes = await connection.fetch(_ROUTES, trunk["account_id"], trunk["id"])
        number = read_number(dialled, default_region=trunk["default_region"])
        route = _best(routes, number, dialled)
        stops: tuple[Stop, ...] = ()
        if route is not None:
            overflow = None if route["overflow"] is None else target_from_json(route["overflow"])
            target = target_from_json(route["target"])
            stops = await self._stops.find(trunk["account_id"], target, overflow=overflow)
        return WayIn(
            account_id=trunk["account_id"],
            default_region=trunk["default_region"],
            trunk_id=trunk["id"],
            is_sandbox=trunk["is_sandbox"],
            max_channels=trunk["max_channels"],
            dialled=number,
            has_route=route is not None,
            stops=stops,
            queue=queue_in(stops),
            flow=flow_in(stops),
            recording_mode=RecordingMode.OFF if route is None else RecordingMode(route["recording_mode"]),
        )


def read_number(text: str, *, default_region: str) -> str:
    """A number that the network gives, in E.164 where it can be read so, else as it came. Pure."""
    if is_e164(text):
        return E164(text)
    try:
        return parse_destination(text, default_region=default_region, is_sandbox=True)
    except RefusedError:  # an extension, a name, or the number form of a network that we do not know
        return text


def _best(routes: Sequence[asyncpg.Record], number: str, dialled: str) -> asyncpg.Record | None:
    """The route that takes the call: by the number as we write it, else by what was dialled."""
    patterns = [(row["pattern"], row["trunk_id"] is not None) for row in routes]
    best = best_pattern(patterns, number)
    if best is None:
        best = best_pattern(patterns, dialled)
    return None if best is None else routes[best]
