"""The dialer of a node: what wakes which campaign's loop, and what it tidies up beside calling."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.campaigns import closing, figures
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.predictive import START
from app.campaigns.core.words import PacingMode
from app.campaigns.dialer import CampaignDialer
from app.campaigns.figures import Figure
from app.campaigns.following import Following, Settled
from app.campaigns.model import AgentContent, Content, OptOut, SayContent
from app.campaigns.news import CampaignNews
from app.campaigns.sweeping import KEPT_FOR, sweep_attempts
from app.events.log import Appended
from app.facts.calls import CallRef, DtmfReceived, Fact, LegRef
from app.facts.campaigns import ContactSkipped
from app.facts.event import SYSTEM, Event
from app.facts.queues import AgentState, AgentStateChanged
from app.facts.vocabulary import CallKind, Direction, Errand, LegRole, Party
from app.ids import Kind, new_id
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import MORNING, number_of, numbers, say
from tests.campaigns.staff import Staff

_PATIENCE_SECONDS = 60.0


class Watched(Following):
    """Counts whose attempts it was asked to settle, and which keys it was asked to hear."""

    def __init__(self, hall: Hall) -> None:
        super().__init__(hall.database, hall.log, hall.clock, hall.opt_outs)
        self.looks: Counter[str] = Counter()
        self.keys: list[tuple[str, str]] = []

    async def settle(self, campaign_id: str) -> Settled:
        self.looks[campaign_id] += 1
        return await super().settle(campaign_id)

    async def hear_key(self, campaign_id: str, call_id: str, number: str, pressed: str) -> bool:
        self.keys.append((campaign_id, pressed))
        return await super().hear_key(campaign_id, call_id, number, pressed)


@dataclass
class Ready:
    """Calls may be dialled."""

    why_not_ready: str | None = None


@dataclass
class Node:
    """A dialer that looks at everything once in an hour, unless it is told."""

    hall: Hall
    news: CampaignNews = field(default_factory=CampaignNews)

    def __post_init__(self) -> None:
        self.following = Watched(self.hall)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        dialer = CampaignDialer(
            database=self.hall.database,
            claims=self.hall.claims,
            dialing=self.hall.dialing,
            following=self.following,
            closing=self.hall.closing,
            readiness=Ready(),
            news=self.news,
            clock=self.hall.clock,
            look_seconds=3600.0,
            least_seconds=0.01,
        )
        task = asyncio.create_task(dialer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def tell(self, fact: Fact) -> None:
        event = Event(
            id=new_id(Kind.EVENT),
            type=fact.type,
            timestamp=MORNING,
            sequence=1,
            account_id=self.hall.account_id,
            subject_id="subject",
            actor=SYSTEM,
            fact=fact,
        )
        self.news.on_appended(Appended(0, (event,)))

    async def has_looked(self, *campaigns: str) -> None:
        """Each of these has been looked at once, and a second look has begun."""
        await wait_until(lambda: all(self.following.looks[one] == 1 for one in campaigns))
        for one in campaigns:
            self.news.hear(one)
        await wait_until(lambda: all(self.following.looks[one] == 2 for one in campaigns))

    async def wait_for_looks(self, campaign_id: str, times: int) -> None:
        await wait_until(lambda: self.following.looks[campaign_id] >= times)

    def press(self, campaign_id: str, digit: str) -> None:
        call = CallRef(
            id=f"call_{campaign_id}",
            kind=CallKind.CAMPAIGN,
            direction=Direction.OUTBOUND,
            unique_id="ofk.n1.leg_1",
            dialled_number=number_of(0),
            errand=Errand(campaign_id=campaign_id),
        )
        leg = LegRef(id="leg_1", role=LegRole.CUSTOMER, party=Party(number=number_of(0)))
        self.tell(DtmfReceived(call=call, leg=leg, digit=digit, duration_milliseconds=100))


async def wait_until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not is_so():
            await asyncio.sleep(0.01)


async def begin_with_a_call(hall: Hall, name: str, content: Content) -> str:
    """A campaign that is paused, with a call under way: it is looked at, and calls nobody."""
    campaign_id = await hall.begin(name=name, content=content, state="PAUSED")
    await hall.fetch(
        """
        INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state, call_id)
        VALUES ($1, 'contact_1', $2, 'list_1', $3, 'DIALING', $4)
        """,
        campaign_id,
        hall.account_id,
        number_of(0),
        f"call_{campaign_id}",
    )
    return campaign_id


def _changed() -> AgentStateChanged:
    return AgentStateChanged(agent_id="agent_1", state=AgentState.AVAILABLE, previous=AgentState.PAUSED, since=MORNING)


async def test_given_what_agents_do_when_it_changes_then_campaigns_with_agents_are_looked_at_and_no_others(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    said = await begin_with_a_call(hall, "said", say("Hello"))
    content = AgentContent(mode=PacingMode.PROGRESSIVE, agent_id="agent_1")
    served = await begin_with_a_call(hall, "served", content)
    node = Node(hall)
    async with node.running():
        await node.has_looked(said, served)
        for times in range(3, 7):
            node.tell(_changed())
            await node.wait_for_looks(served, times)
        assert node.following.looks[said] == 2
        node.news.hear("")  # and what changes anything wakes everybody
        await wait_until(lambda: node.following.looks[said] == 3)


async def test_given_keys_in_calls_when_no_wish_can_be_meant_by_them_then_nobody_asks_the_database(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    content = say("Press nine")
    silent = await begin_with_a_call(hall, "silent", content)
    asking = await begin_with_a_call(hall, "asking", SayContent(announcement=content.announcement, opt_out=OptOut()))
    node = Node(hall)
    async with node.running():
        await node.has_looked(silent, asking)
        for digit in "159":
            node.press(silent, digit)
        for digit in "159":
            node.press(asking, digit)
        await wait_until(lambda: (asking, "9") in node.following.keys)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await hall.fetch("SELECT FROM dnc_entry"):
                await asyncio.sleep(0.01)
    assert node.following.keys == [(asking, "9")]


async def test_given_a_contact_that_came_back_after_the_end_when_nobody_is_called_any_more_then_it_is_skipped(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    await hall.fetch("UPDATE campaign SET end_at = $1", MORNING + timedelta(seconds=5))
    await hall.claim()
    hall.clock.pass_seconds(5)
    assert await hall.closing.finish(hall.campaign_id)
    await hall.fetch("UPDATE campaign_contact SET state = 'WAITING', lease_until = NULL")
    node = Node(hall)
    async with node.running():
        await wait_until(lambda: any(isinstance(fact, ContactSkipped) for fact in hall.told))
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "CAMPAIGN_OVER")


async def test_given_a_campaign_that_was_stopped_while_no_dialer_ran_when_one_does_then_every_contact_gets_its_outcome(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "MOST_LEFT_OUT", 3)  # so that it takes more than one round
    await hall.add_list(numbers(40))
    await hall.begin()
    assert await hall.take(Step.STOP)
    async with Node(hall).running(), asyncio.timeout(_PATIENCE_SECONDS):
        while not await hall.fetch("SELECT FROM campaign WHERE settled_at IS NOT NULL"):
            await asyncio.sleep(0.01)
    rows = await hall.contacts()
    assert {(row["state"], row["reason"]) for row in rows.values()} == {("SKIPPED", "NOT_REACHED")}
    assert len(rows) == 40


async def test_given_an_end_that_has_come_when_the_dialer_looks_then_it_finishes_and_settles_the_campaign(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(3))
    await hall.begin()
    await hall.fetch("UPDATE campaign SET end_at = $1", MORNING)
    async with Node(hall).running(), asyncio.timeout(_PATIENCE_SECONDS):
        while not await hall.fetch("SELECT FROM campaign WHERE state = 'FINISHED' AND settled_at IS NOT NULL"):
            await asyncio.sleep(0.01)
    assert {row["reason"] for row in (await hall.contacts()).values()} == {"NOT_REACHED"}
    assert not hall.telephone.dialled


async def test_given_attempts_of_long_ago_when_swept_then_those_that_may_count_stay(hall: Hall) -> None:
    now = hall.clock.now()
    for name, age in (("old", KEPT_FOR + timedelta(seconds=1)), ("young", KEPT_FOR)):
        await hall.fetch(
            """
            INSERT INTO number_attempt (call_id, account_id, number, at)
            SELECT $1 || '_' || n, $2, $3, $4 FROM generate_series(1, 5) AS n
            """,
            name,
            hall.account_id,
            number_of(0),
            now - age,
        )
    assert await sweep_attempts(hall.database, now, most_at_once=2) == 5
    assert await sweep_attempts(hall.database, now, most_at_once=2) == 0
    left = await hall.fetch("SELECT call_id FROM number_attempt")
    assert {row["call_id"].partition("_")[0] for row in left} == {"young"}
    assert len(left) == 5
    await hall.fetch("UPDATE number_attempt SET at = $1", now - timedelta(days=2))
    async with Node(hall).running(), asyncio.timeout(_PATIENCE_SECONDS):
        while await hall.fetch("SELECT FROM number_attempt"):
            await asyncio.sleep(0.01)


async def test_given_a_campaign_that_abandoned_too_many_when_its_dialer_looks_then_it_is_paused_and_nobody_is_called(
    hall: Hall,
) -> None:
    node, staff = Node(hall), Staff(hall)
    await hall.add_list(numbers(5))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    await staff.join(await staff.hire(2))
    await _count(hall, {Figure.ANSWERED_BY_PERSON: START, Figure.ABANDONED: START})
    async with node.running(), asyncio.timeout(_PATIENCE_SECONDS):
        while await hall.state() != "PAUSED":
            await asyncio.sleep(0.01)
    assert not hall.telephone.dialled
    [row] = await hall.fetch("SELECT pause_reason FROM campaign")
    assert row["pause_reason"] == "TOO_MANY_ABANDONED"


async def _count(hall: Hall, counts: dict[str, int]) -> None:
    async with hall.database.acquire() as connection, connection.transaction():
        await figures.count(connection, hall.campaign_id, hall.clock.now(), counts)
