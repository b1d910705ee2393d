"""A desk's line to the services themselves, without HTTP in between."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec

from app.accounts.principal import Principal
from app.calls.core.verbs import Verb
from app.calls.planning.requests import OriginateRequest
from app.events.log import EventFilter
from app.facts.event import Event
from app.services import Services
from tests.rig.desk import Body, Fact, PlacedCall

_MOST_FACTS = 1000


class ServiceLine:
    """Speaks to ``services`` as ``principal``."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self.services = services
        self.principal = principal

    async def originate(self, request: OriginateRequest) -> PlacedCall:
        outcome = await self.services.calls.originate(self.principal, request)
        assert outcome.wait_outcome is not None
        return PlacedCall(outcome.call.id, outcome.call.state.value, outcome.wait_outcome.value, outcome.is_replayed)

    async def hang_up(self, call_id: str) -> None:
        await self.services.calls.hang_up(self.principal, call_id)

    async def act(self, subject_id: str, verb: Verb) -> None:
        await self.services.calls.act(self.principal, subject_id, verb)

    async def record(self, call_id: str) -> Body | None:
        found = await self.services.cdr_queries.get_by_call(self.principal.account_id, [call_id])
        return _plain(found[call_id]) if call_id in found else None

    async def recordings(self, call_id: str) -> list[Body]:
        rows = await self.services.recordings.of_calls(self.principal.account_id, [call_id])
        ttl = timedelta(seconds=self.services.recording_url_seconds)
        return [
            {
                "id": row.id,
                "mode": row.mode.value,
                "state": row.state.value,
                "channels": row.channels,
                "durationSeconds": row.duration_seconds,
                "lostSeconds": row.lost_seconds,
                "sizeBytes": row.size_bytes,
                "sha256": row.sha256,
                "failure": row.failure,
                "legIds": list(row.leg_ids),
                "segments": None if row.segments is None else [_plain(segment) for segment in row.segments],
                "url": self.services.recording_urls.sign(row.id, self.services.clock.now(), ttl),
            }
            for row in rows
        ]

    async def follow(self, after: str | None) -> AsyncIterator[Fact]:
        async for item in self.services.feed.follow(self.principal.account_id, after=int(after or 0)):
            if isinstance(item, Event) and item.call_sequence is not None:
                yield _fact(item)

    async def facts(self, call_id: str) -> list[Fact]:
        where = EventFilter(subject_id=call_id)
        events = await self.services.event_log.read_after(
            0, limit=_MOST_FACTS, account_id=self.principal.account_id, where=where
        )
        return [_fact(event) for event in events]


def _plain(struct: msgspec.Struct) -> Body:
    # Through JSON, as every reader outside gets it.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(struct))
    return plain


def _fact(event: Event) -> Fact:
    assert event.call_sequence is not None
    return Fact(
        id=event.id,
        cursor=str(event.sequence),
        type=event.type,
        call_id=event.subject_id,
        call_sequence=event.call_sequence,
        sequence=event.sequence,
        at=event.timestamp,
        body=_plain(event.fact),
    )
