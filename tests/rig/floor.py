"""A call centre's floor in the middle of its work: what a test of faults looks at, and the scenes that play there.

::

    floor = await Floor.furnish(offhook, far_end, witness, desk, bot)     # seats, a queue
    floor.desk = desk                                          # whoever can be asked just now
    scenes = all_scenes(floor)                                 # tests.rig.scenes
    await floor.begin(scenes)
    …                                                          # something breaks, and is mended
    floor.desk = another_desk
    await floor.go_on(scenes)                                  # each to its end, with all that must hold of it
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol, Self, TypeAlias

import asyncpg

from app.calls.names import channel_of
from app.config import Settings
from app.facts.queues import AgentState
from app.ids import LegId
from tests.rig.ari_ears import Event, channel_id_of
from tests.rig.bot import Bot
from tests.rig.call_centre import CallCentre
from tests.rig.checker import Dialled, assert_all_hold, dialled_at_far_end, evidence_of
from tests.rig.desk import PATIENCE_SECONDS, Desk, Fact, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook
from tests.rig.supervisor import SUPERVISOR_EXTENSION, seat
from tests.rig.witness import Witness

FIRST_AGENT: Final = "2006"
SECOND_AGENT: Final = "2007"
TALK_SLACK_SECONDS: Final = 1.0
#: A phone rings through any fault of a test: nothing that is looked at ends by itself.
RING_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05
_SQL_SECONDS: Final = 60.0
_numbers = itertools.count(1)

Row: TypeAlias = asyncpg.Record


def new_number() -> str:
    """Each party has a number of its own, so that the far end can tell them."""
    return f"+1555014{next(_numbers) % 10_000:04d}"


class Scene(Protocol):
    """Some calls in the middle of something.

    ``happen`` is what somebody at the far end does while nobody of ours watches.
    """

    call_ids: list[str]

    async def begin(self) -> None: ...
    async def happen(self) -> None: ...
    async def go_on(self) -> None: ...
    async def be_lost(self) -> None: ...


@dataclass(slots=True)
class Floor:
    """``phones`` are the numbers of our own people's telephones, whose legs name extensions; ``flows`` are ids by name,
    and ``bot`` is the program that a flow leads to. ``campaign_id`` is a draft, and ``contacts`` are whom it calls.
    """

    far_end: FarEnd
    witness: Witness
    settings: Settings
    desk: Desk
    centre: CallCentre
    phones: dict[str, str]
    since: int
    bot: Bot
    flows: dict[str, str] = field(default_factory=dict)
    campaign_id: str = ""
    contacts: tuple[str, ...] = ()
    orders: GraphQLLine | None = None

    @classmethod
    async def furnish(cls, offhook: RunningOffhook, far_end: FarEnd, witness: Witness, desk: Desk, bot: Bot) -> Self:
        """Seats for a supervisor and two agents, the first of whom serves a queue already."""
        phones = {extension: new_number() for extension in (SUPERVISOR_EXTENSION, FIRST_AGENT, SECOND_AGENT)}
        for extension, number in phones.items():
            await seat(offhook.service.database, extension, number)
        centre = await CallCentre.open(
            offhook.service.services, offhook.principal, [FIRST_AGENT, SECOND_AGENT], ring_seconds=RING_SECONDS
        )
        await centre.say(AgentState.AVAILABLE, FIRST_AGENT)
        since = len(far_end.ears.events)
        return cls(far_end, witness, offhook.service.settings, desk, centre, phones, since, bot)

    def serve_at(self, offhook: RunningOffhook, desk: Desk) -> None:
        """From here on this service is asked."""
        self.desk = desk
        self.centre.services = offhook.service.services

    async def begin(self, scenes: Sequence[Scene]) -> None:
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                group.create_task(scene.begin(), name=type(scene).__name__)

    async def happen(self, scenes: Sequence[Scene]) -> None:
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                group.create_task(scene.happen(), name=type(scene).__name__)

    async def go_on(self, scenes: Sequence[Scene]) -> None:
        """Each to its end; then every invariant, by everybody's word but ours."""
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                group.create_task(scene.go_on(), name=type(scene).__name__)
        await self.assert_all_hold(scenes)

    async def be_lost(self, scenes: Sequence[Scene]) -> None:
        """Asterisk has died under them: each is told to its end."""
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                group.create_task(scene.be_lost(), name=type(scene).__name__)

    async def wait_until_recovered(self, scenes: Sequence[Scene]) -> None:
        """Every call that was live has owned up to its blind interval."""
        for call_id in (one for scene in scenes for one in scene.call_ids):
            await self.desk.wait_for(call_id, "call.recovered")

    async def assert_all_hold(self, scenes: Sequence[Scene], *, has_asterisk_died: bool = False) -> None:
        """Every invariant of the checker, and that our own people's phones rang as often as legs were dialled."""
        evidence = evidence_of(
            self.settings,
            self.witness,
            dialled=self._dialled_outside,
            acknowledged=[one for scene in scenes for one in scene.call_ids],
            has_asterisk_died=has_asterisk_died,
        )
        await assert_all_hold(evidence)
        if not has_asterisk_died:
            ended = {channel_id_of(one) for one in self._events("ChannelDestroyed")}
            left = [one["args"][-1] for one in self._events("StasisStart") if one["channel"]["id"] not in ended]
            assert left == [], "somebody is left alone at the far end"

    async def order(self, mutation: str, made: str, given: dict[str, Any]) -> str:
        """Have Offhook do something by itself; gives the id of what was made (the payload's field ``made``)."""
        assert self.orders is not None, "nobody takes orders here"
        kind = mutation[0].upper() + mutation[1:]
        asked = f"{mutation}(input: $input) {{ {made} {{ id }} userErrors {{ message }} }}"
        payload = (await self.orders.ask(f"mutation ($input: {kind}Input!) {{ {asked} }}", input=given))[mutation]
        assert not payload["userErrors"], payload["userErrors"]
        return str(payload[made]["id"])

    async def rows(self, query: str, *values: object) -> list[Row]:
        """What the database has, whoever serves."""
        assert self.settings.database_url is not None
        connection = await asyncpg.connect(
            self.settings.database_url.get_secret_value(), timeout=_SQL_SECONDS, command_timeout=_SQL_SECONDS
        )
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()

    def invites(self, number: str) -> int:
        """How often a number was rung: each INVITE is a call of its own at the far end."""
        return sum(event["args"][-1:] == [number] for event in self._events("StasisStart"))

    async def told(self, call_id: str, type_name: str, number: str | None = None) -> Fact:
        """The first such fact (of the leg to this number), by asking: nobody listens at a line about to be cut."""
        facts: list[Fact] = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    facts = await self.desk.line.facts(call_id)
                    for fact in facts:
                        if fact.type == type_name and number in (None, number_of(fact)):
                            return fact
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            words = [fact.word for fact in facts]
            raise AssertionError(f"{type_name} {number or ''} of {call_id} was not told; told: {words}") from None

    async def leg_to(self, call_id: str, number: str) -> LegId:
        return LegId((await self.told(call_id, "leg.dialing", number)).body["leg"]["id"])

    async def assert_together(self, call_id: str, *leg_ids: LegId) -> None:
        """These legs of the call, and none else of it, come to be in one bridge, as another client of Asterisk sees."""
        node = self.settings.node
        known = {LegId(fact.body["leg"]["id"]) for fact in await self.desk.line.facts(call_id) if "leg" in fact.body}
        ours = {channel_of(node, leg_id): leg_id for leg_id in known}
        seen: list[set[LegId]] = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while set(leg_ids) not in seen:
                    rooms = await self.witness.who_is_together()
                    seen = [{ours[one] for one in room & ours.keys()} for room in rooms]
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(
                f"{leg_ids} of {call_id} are not together, but {[one for one in seen if one]}"
            ) from None

    def assert_talk_is_true(self, story: Story, began: Sequence[FarEndCall], ended: Sequence[FarEndCall]) -> None:
        """The record's talk began when all of the ones were up, and ended when the first of the others was gone.

        Where nobody watched as it began, it may be told as late as that blind interval's end.
        """
        start = max(self._at(call, "ChannelStateChange") for call in began)
        end = min(self._at(call, "ChannelDestroyed") for call in ended)
        blind = [
            (datetime.fromisoformat(fact.body["blindFrom"]), datetime.fromisoformat(fact.body["blindUntil"]))
            for fact in story.all_of("call.recovered")
        ]
        seen = max((until for begin, until in blind if begin <= start <= until), default=start)
        told = story.record["talkSeconds"]
        least, most = (end - max(start, seen)).total_seconds(), (end - start).total_seconds()
        assert least - TALK_SLACK_SECONDS <= told <= most + TALK_SLACK_SECONDS, f"{told} s, and it was {most} s"

    def _at(self, call: FarEndCall, type_name: str) -> datetime:
        event = next(one for one in self._events(type_name) if channel_id_of(one) == call.channel_id)
        return datetime.fromisoformat(event["timestamp"]).astimezone(UTC)

    def _events(self, type_name: str) -> list[Event]:
        found = [one for one in self.far_end.ears.events[self.since :] if one["type"] == type_name]
        if type_name == "StasisStart":
            return [one for one in found if one["args"][:1] == ["inbound"]]
        if type_name == "ChannelStateChange":
            return [one for one in found if one["channel"]["state"] == "Up"]
        return found

    def _dialled_outside(self) -> list[Dialled]:
        found = dialled_at_far_end(self.far_end, since=self.since)
        return [one for one in found if one.number not in self.phones.values()]


def number_of(fact: Fact) -> str | None:
    """Whom the fact's leg calls, where that is a number."""
    leg = fact.body.get("leg")
    return leg["party"].get("number") if leg else None
