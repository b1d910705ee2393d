"""What Offhook does by itself, in the middle of it: a campaign, a callback, one-time passwords.

As in :mod:`tests.rig.scenes`. Whoever is called has a number of its own, so the far end's word is how often each phone
rang; what came of it all is read from the database and the log, each of which must have it once.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from app.campaigns.changes import CampaignChanges
from app.campaigns.model import FlowContent
from tests.campaigns.sheet import ALWAYS, Sheet
from tests.rig.ari_ears import AriRefusedError
from tests.rig.desk import PATIENCE_SECONDS, Story
from tests.rig.far_end import FarEndCall
from tests.rig.floor import RING_SECONDS, Floor, Row, Scene, new_number
from tests.rig.flow_scenes import press_until_matched
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

_POLL_SECONDS: Final = 0.05
_BUSY: Final = 486
_SHORT_CODE: Final = "4711"
_LONG_CODE: Final = "471905380262"
#: The long code so often in each reading, and five readings: minutes, longer than any fault.
_READ_OUT: Final = " ".join(["{code}."] * 5)
_MOST_READINGS: Final = 5

_OUTCOMES: Final = """
SELECT kept.number, kept.state, kept.disposition, kept.attempts, kept.call_id,
    (SELECT count(*) FROM event WHERE subject_id = kept.contact_id AND type = 'contact.attempted') AS attempted,
    (SELECT count(*) FROM event WHERE subject_id = kept.contact_id
        AND type IN ('contact.finished', 'contact.skipped')) AS ends
FROM campaign_contact AS kept WHERE kept.campaign_id = $1
"""
_CAMPAIGN: Final = """
SELECT state, finish_reason, (SELECT count(*) FROM event WHERE subject_id = campaign.id AND type = 'campaign.finished')
    AS ends
FROM campaign WHERE id = $1
"""
_TOLD: Final = "SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence"
_OVER: Final = {"COMPLETED", "FAILED", "CANCELLED", "ANNOUNCED"}


async def keep_campaign(offhook: RunningOffhook, call_flow_id: str) -> tuple[str, tuple[str, ...]]:
    """The draft of a campaign for three contacts, two at a time, and their numbers in its order."""
    numbers = new_number(), new_number(), new_number()
    services, by = offhook.service.services, offhook.principal
    list_id = await Sheet(offhook.service.database, by.account_id, services.clock).add_list(numbers)
    changes = CampaignChanges(
        name="spring",
        content=FlowContent(call_flow_id=call_flow_id),
        contact_list_ids=(list_id,),
        calls_per_minute=1200,
        max_concurrent_calls=2,
        windows=ALWAYS.windows,
        trunk_id=offhook.trunks["farend"],
        ring_seconds=RING_SECONDS,
    )
    return (await services.campaigns.campaigns.create(by, changes)).id, numbers


def errand_scenes(floor: Floor) -> list[Scene]:
    """One of each."""
    return [CampaignCalls(floor), CallbackUnderWay(floor), CodeToBeTold(floor), CodeBeingTold(floor)]


@dataclass
class CampaignCalls:
    """One contact is asked for a key, another's phone rings, and the third is not called before one of them is done."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    asked: FarEndCall = field(init=False)
    ringing: FarEndCall = field(init=False)

    async def begin(self) -> None:
        first, second, _ = self.floor.contacts
        campaign_id = self.floor.campaign_id
        await self.floor.order("startCampaign", "campaign", {"id": campaign_id, "idempotencyKey": campaign_id})
        self.asked = await self.floor.far_end.expect_call(first)
        self.ringing = await self.floor.far_end.expect_call(second)
        await self.asked.answer()
        await self.ringing.ring()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(calls := {row["number"]: row["call_id"] for row in await self._rows() if row["call_id"]}) < 2:
                await asyncio.sleep(_POLL_SECONDS)
        self.call_ids = [calls[first], calls[second]]
        await self.floor.told(calls[first], "playback.finished")
        await self.floor.told(calls[second], "leg.ringing", second)

    async def happen(self) -> None:
        self.has_happened = True
        await self.asked.press("1")
        await self.ringing.answer()

    async def go_on(self) -> None:
        floor, (asked, ringing) = self.floor, self.call_ids
        if not self.has_happened:
            assert {row["number"]: row["attempts"] for row in await self._rows()} == dict.fromkeys(
                floor.contacts[:2], 1
            )
            await self.ringing.answer()
        await press_until_matched(floor, self.asked, asked)
        await press_until_matched(floor, self.ringing, ringing)
        await (await floor.far_end.expect_call(floor.contacts[2])).reject(_BUSY)
        await self._until_finished()
        rows = {row["number"]: row for row in await self._rows()}
        assert [rows[one]["disposition"] for one in floor.contacts] == ["ANSWERED", "ANSWERED", "BUSY"]
        self._assert_each_came_out_once(rows.values())
        assert [floor.invites(number) for number in floor.contacts] == [1, 1, 1]
        for row in rows.values():
            story = await floor.desk.wait_for_end(row["call_id"])
            await assert_is_whole(floor.desk, story)

    async def be_lost(self) -> None:
        """Whoever was called has an outcome, and the last is called by the next Asterisk, if the old one did not."""
        async with asyncio.TaskGroup() as group:
            refusing = group.create_task(self._refuse_the_last())
            await self._until_finished()
            refusing.cancel()
        rows = await self._rows()
        self._assert_each_came_out_once(rows)
        invites = Counter({number: self.floor.invites(number) for number in self.floor.contacts})
        assert max(invites.values()) == 1, "nobody's phone rang twice"
        for row in rows:
            await assert_is_whole(self.floor.desk, await self.floor.desk.wait_for_end(row["call_id"]))

    async def _refuse_the_last(self) -> None:
        while True:
            call = await self.floor.far_end.expect_call(self.floor.contacts[2])
            with contextlib.suppress(AriRefusedError):  # the Asterisk that dialled it is gone
                await call.reject(_BUSY)

    async def _until_finished(self) -> None:
        rows: Sequence[Row] = ()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    (campaign,) = await self.floor.rows(_CAMPAIGN, self.floor.campaign_id)
                    if campaign["state"] == "FINISHED":
                        break
                    rows = await self._rows()
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"the campaign is {campaign['state']}: {[dict(row) for row in rows]}") from None
        assert (campaign["finish_reason"], campaign["ends"]) == ("ALL_DONE", 1)

    def _assert_each_came_out_once(self, rows: Iterable[Row]) -> None:
        told = {row["number"]: (row["state"], row["attempts"], row["attempted"], row["ends"]) for row in rows}
        assert told == dict.fromkeys(self.floor.contacts, ("FINISHED", 1, 1, 1))

    async def _rows(self) -> Sequence[Row]:
        return await self.floor.rows(_OUTCOMES, self.floor.campaign_id)


@dataclass
class CallbackUnderWay:
    """Its agent has answered, and the customer's phone rings."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    id: str = ""
    agent: FarEndCall = field(init=False)
    customer: FarEndCall = field(init=False)

    async def begin(self) -> None:
        floor, agent, customer = self.floor, new_number(), new_number()
        self.id = await floor.order(
            "scheduleCallback",
            "callback",
            {
                "idempotencyKey": f"back {customer}",
                "at": {"at": datetime.now(UTC).isoformat()},
                "destination": {"number": customer},
                "connect": {"number": agent},
                "trunkId": floor.desk.trunks["farend"],
                "agentRingSeconds": RING_SECONDS,
                "customerRingSeconds": RING_SECONDS,
            },
        )
        self.agent = await floor.far_end.expect_call(agent)
        await self.agent.answer()
        self.customer = await floor.far_end.expect_call(customer)
        await self.customer.ring()
        self.call_ids = [await _call_of(floor, "callback", self.id)]
        await floor.told(self.call_ids[0], "leg.ringing", customer)

    async def happen(self) -> None:
        self.has_happened = True
        await self.customer.answer()

    async def go_on(self) -> None:
        floor, (call_id,) = self.floor, self.call_ids
        if not self.has_happened:
            await self.customer.answer()
        await floor.desk.wait_for(call_id, "call.connected")
        legs = [await floor.leg_to(call_id, one.dialled) for one in (self.agent, self.customer)]
        await floor.assert_together(call_id, *legs)
        await self.customer.hang_up()
        await self.agent.wait_until_ended()
        story = await _end_of(floor, call_id)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        floor.assert_talk_is_true(story, (self.agent, self.customer), (self.agent, self.customer))
        await self._assert_came_out_once("COMPLETED")

    async def be_lost(self) -> None:
        await _end_of(self.floor, self.call_ids[0])
        await self._assert_came_out_once("FAILED")

    async def _assert_came_out_once(self, state: str) -> None:
        floor = self.floor
        assert (await _until_over(floor, "callback", self.id))["state"] == state
        told = [row["type"] for row in await floor.rows(_TOLD, self.id)]
        assert told == ["callback.scheduled", "callback.started", f"callback.{state.lower()}"]
        assert [floor.invites(one.dialled) for one in (self.agent, self.customer)] == [1, 1]


@dataclass
class _Code:
    """One that is told to a customer, who answers."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    id: str = ""
    customer: FarEndCall = field(init=False)

    async def _announce(self, code: str, **given: object) -> None:
        floor, number = self.floor, new_number()
        self.id = await floor.order(
            "announceOtp",
            "otp",
            {
                "idempotencyKey": f"code {number}",
                "number": number,
                "code": code,
                "trunkId": floor.desk.trunks["farend"],
                "customerRingSeconds": RING_SECONDS,
                **given,
            },
        )
        self.customer = await floor.far_end.expect_call(number)
        self.call_ids = [await _call_of(floor, "otp", self.id)]

    async def _assert_came_out_once(self, *states: str) -> Row:
        floor = self.floor
        await _end_of(floor, self.call_ids[0])
        over = await _until_over(floor, "otp", self.id)
        assert over["state"] in states, dict(over)
        assert [row["type"] for row in await floor.rows(_TOLD, self.id)] == [f"otp.{over['state'].lower()}"]
        assert floor.invites(self.customer.dialled) == 1
        return over


@dataclass
class CodeToBeTold(_Code):
    """The phone rings; whoever answers hears the code to its end, once."""

    async def begin(self) -> None:
        await self._announce(_SHORT_CODE, repeat=1)
        await self.customer.ring()
        await self.floor.told(self.call_ids[0], "leg.ringing")

    async def happen(self) -> None:
        self.has_happened = True
        await self.customer.answer()

    async def go_on(self) -> None:
        if not self.has_happened:
            await self.customer.answer()
        await self.customer.wait_until_ended()
        over = await self._assert_came_out_once("ANNOUNCED")
        assert over["times_heard"] == 1

    async def be_lost(self) -> None:
        await self._assert_came_out_once("FAILED")


@dataclass
class CodeBeingTold(_Code):
    """It is read out over and over; the customer hangs up in the middle of it."""

    async def begin(self) -> None:
        await self._announce(_LONG_CODE, repeat=_MOST_READINGS, announcement={"text": _READ_OUT})
        await self.customer.answer()
        await self.floor.told(self.call_ids[0], "playback.started")

    async def happen(self) -> None:
        self.has_happened = True
        await self.customer.hang_up()

    async def go_on(self) -> None:
        if not self.has_happened:
            assert not self.customer.has_ended
            await self.customer.hang_up()
        over = await self._assert_came_out_once("ANNOUNCED")
        assert over["times_heard"] < _MOST_READINGS

    async def be_lost(self) -> None:
        await self._assert_came_out_once("ANNOUNCED")


async def _call_of(floor: Floor, table: str, subject_id: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            (row,) = await floor.rows(f"SELECT call_id FROM {table} WHERE id = $1", subject_id)  # noqa: S608  # our own names
            if row["call_id"] is not None:
                return str(row["call_id"])
            await asyncio.sleep(_POLL_SECONDS)


async def _until_over(floor: Floor, table: str, subject_id: str) -> Row:
    row: Row | None = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while row is None or row["state"] not in _OVER:
                await asyncio.sleep(_POLL_SECONDS)
                (row,) = await floor.rows(f"SELECT * FROM {table} WHERE id = $1", subject_id)  # noqa: S608  # our own names
    except TimeoutError:
        raise AssertionError(f"{subject_id} is not over, but {row and row['state']}") from None
    return row


async def _end_of(floor: Floor, call_id: str) -> Story:
    story = await floor.desk.wait_for_end(call_id)
    await assert_is_whole(floor.desk, story)
    return story
