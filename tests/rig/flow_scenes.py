"""Customers whom call flows lead, in the middle of it: a sound, a question, a message, a talk with a program.

As in :mod:`tests.rig.scenes`; nobody else has a part in these calls.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import websockets

from app.facts.vocabulary import Tone
from app.flows.steps import (
    Flow,
    Gather,
    HangUp,
    MediaStream,
    Option,
    Play,
    PlayInstalled,
    PlayTone,
    Step,
    Voicemail,
)
from app.routing.flows import FlowChanges
from tests.rig.ari_ears import AriRefusedError
from tests.rig.bot import Bot, BotTalk
from tests.rig.desk import PATIENCE_SECONDS, Fact, Story
from tests.rig.far_end import FarEndCall
from tests.rig.floor import Floor, Scene, new_number
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

#: Longer than any fault: nothing that is looked at ends by itself.
_LONG_SECONDS: Final = 60.0
_LOST: Final = {"NODE_LOST", "HANGUP"}
_PRESS_AGAIN_SECONDS: Final = 1.0
_SPEAK_SECONDS: Final = 2.0
_HERTZ: Final = 700

_QUESTION: Final = Gather(
    name="ask",
    prompt=(PlayTone(tone=Tone.RING, seconds=1.0),),
    options=(Option(digits="1", next="thanks"),),
    first_digit_seconds=_LONG_SECONDS,
    retries=5,
    no_input="bye",
)
_THANKS: Final = Play(name="thanks", sounds=(PlayInstalled(name="beep"),), next="bye")
_BYE: Final = HangUp(name="bye")


def _flows(bot: Bot) -> dict[str, tuple[Step, ...]]:
    long_tone = PlayTone(tone=Tone.RING, seconds=_LONG_SECONDS)
    return {
        "sound": (Play(name="sound", sounds=(long_tone, long_tone, long_tone), next="bye"), _BYE),
        "question": (_QUESTION, _THANKS, _BYE),
        "message": (
            Voicemail(
                name="message",
                greeting=(PlayInstalled(name="beep"),),
                max_seconds=300.0,
                silence_seconds=None,
                next="bye",
            ),
            _BYE,
        ),
        "program": (MediaStream(name="program", url=bot.url, next="ask"), _QUESTION, _THANKS, _BYE),
    }


async def keep_flows(offhook: RunningOffhook, bot: Bot) -> dict[str, str]:
    """The flows of these scenes, by name; and the program may be connected to."""
    services = offhook.service.services
    await services.media_endpoints.create(offhook.principal, url=bot.url)
    kept = {}
    for name, steps in _flows(bot).items():
        flow = Flow(start=steps[0].name, steps=steps)
        kept[name] = (await services.routing.flows.create(offhook.principal, FlowChanges(name=name, flow=flow))).id
    return kept


def matched_in(facts: Sequence[Fact]) -> list[Fact]:
    """What was pressed as it was asked for. On a busy machine nobody may have pressed anything in time before."""
    return [fact for fact in facts if fact.type == "flow.gathered" and fact.body["result"] == "MATCHED"]


async def press_until_matched(floor: Floor, customer: FarEndCall, call_id: str) -> None:
    """Keys that are pressed while nobody watches are lost, so whoever is asked presses again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not matched_in(await floor.desk.line.facts(call_id)):
            with contextlib.suppress(AriRefusedError):  # it is over by now
                await customer.press("1")
            await asyncio.sleep(_PRESS_AGAIN_SECONDS)


@dataclass
class _Led:
    """A customer at the far end, in a flow."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    id: str = ""
    customer: FarEndCall = field(init=False)

    async def _enter(self, flow: str) -> None:
        number = new_number()
        placed = await self.floor.desk.place_call(
            number, connect=None, connect_call_flow_id=self.floor.flows[flow], trunk="farend"
        )
        self.id = placed.id
        self.call_ids = [placed.id]
        self.customer = await self.floor.far_end.expect_call(number)
        await self.customer.answer()
        await self.floor.told(self.id, "flow.started")

    async def _end(self, *, disposition: str, end: tuple[str, str], ending: str, path: list[str]) -> Story:
        await self.customer.wait_until_ended()
        story = await self.floor.desk.wait_for_end(self.id)
        await assert_is_whole(self.floor.desk, story)
        assert (story.disposition, story.end) == (disposition, end)
        assert [fact.body["step"] for fact in story.all_of("flow.step_entered")] == path
        assert len(story.all_of("flow.started")) == 1
        assert story.the("flow.ended").body["ending"] == ending
        assert self.floor.invites(self.customer.dialled) == 1
        return story

    async def _end_of_lost(self) -> Story:
        story = await self.floor.desk.wait_for_end(self.id)
        await assert_is_whole(self.floor.desk, story)
        assert story.end[0] in _LOST
        assert len(story.all_of("flow.started")) == 1
        assert story.the("flow.ended").body["ending"] in {"STOPPED", "HANGUP"}
        return story


@dataclass
class Listener(_Led):
    """A sound is played to it; it hangs up, and the flow takes no step for the sound's being over."""

    async def begin(self) -> None:
        await self._enter("sound")
        await self.floor.told(self.id, "playback.started")

    async def happen(self) -> None:
        self.has_happened = True
        await self.customer.hang_up()

    async def go_on(self) -> None:
        if not self.has_happened:
            assert not self.customer.has_ended
            await self.customer.hang_up()
        await self._end(disposition="ANSWERED", end=("HANGUP", "CUSTOMER"), ending="HANGUP", path=["sound"])

    async def be_lost(self) -> None:
        await self._end_of_lost()


@dataclass
class Asked(_Led):
    """It is asked for a key, and presses one."""

    async def begin(self) -> None:
        await self._enter("question")
        await self.floor.told(self.id, "playback.finished")

    async def happen(self) -> None:
        self.has_happened = True
        await self.customer.press("1")

    async def go_on(self) -> None:
        await press_until_matched(self.floor, self.customer, self.id)
        story = await self._end(
            disposition="ANSWERED", end=("FLOW_ENDED", "SYSTEM"), ending="COMPLETED", path=["ask", "thanks", "bye"]
        )
        assert [fact.body["digits"] for fact in matched_in(story.facts)] == ["1"]

    async def be_lost(self) -> None:
        await self._end_of_lost()


@dataclass
class Speaker(_Led):
    """It leaves a message, which goes on while nobody watches, and hangs up."""

    _voice: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def begin(self) -> None:
        await self._enter("message")
        await self.floor.told(self.id, "recording.started")
        await self._voice.enter_async_context(self.customer.playing_tone(_HERTZ))
        await asyncio.sleep(_SPEAK_SECONDS)  # how much of it is spoken before anything breaks

    async def happen(self) -> None:
        self.has_happened = True
        await self._hang_up()

    async def go_on(self) -> None:
        if not self.has_happened:
            await self._hang_up()
        received = await self.floor.desk.wait_for(self.id, "voicemail.received")
        story = await self._end(disposition="VOICEMAIL", end=("HANGUP", "CUSTOMER"), ending="HANGUP", path=["message"])
        assert received.body["durationSeconds"] > _SPEAK_SECONDS - 0.5
        facts = await self.floor.desk.line.facts(self.id)
        told = [
            fact.type for fact in facts if fact.type in {"recording.saved", "recording.failed", "voicemail.received"}
        ]
        assert sorted(told) == ["recording.saved", "voicemail.received"]
        assert story.record["recordingIds"] == [received.body["recordingId"]]

    async def be_lost(self) -> None:
        await self._voice.aclose()
        story = await self._end_of_lost()

        def is_settled(facts: list[Fact]) -> bool:
            return any(fact.type in {"voicemail.received", "recording.failed"} for fact in facts)

        facts = await self.floor.desk.wait_until(self.id, is_settled, what="what became of the message")
        told = [fact.type for fact in facts if fact.type in {"voicemail.received", "recording.failed"}]
        assert len(told) == 1
        # An Asterisk that was killed takes with it what it had not written yet: two seconds are all of a short message.
        assert told == ["voicemail.received"] or story.end[0] == "NODE_LOST"

    async def _hang_up(self) -> None:
        await self._voice.aclose()
        await self.customer.hang_up()


@dataclass
class WithProgram(_Led):
    """A program talks to it; once that is over, for whatever reason, the flow asks for a key."""

    talk: BotTalk = field(init=False)

    async def begin(self) -> None:
        await self._enter("program")
        self.talk = await self.floor.bot.expect_talk()
        await self.floor.told(self.id, "mediastream.connected")

    async def happen(self) -> None:
        self.has_happened = True
        await self._say_stop()

    async def go_on(self) -> None:
        await self._say_stop()
        await press_until_matched(self.floor, self.customer, self.id)
        story = await self._end(
            disposition="ANSWERED",
            end=("FLOW_ENDED", "SYSTEM"),
            ending="COMPLETED",
            path=["program", "ask", "thanks", "bye"],
        )
        assert [fact.type for fact in _outcomes(story)] == ["mediastream.ended"]
        await self.talk.wait_until_over()

    async def be_lost(self) -> None:
        story = await self._end_of_lost()
        assert [fact.type for fact in _outcomes(story)] == ["mediastream.ended"]
        await self.talk.wait_until_over()

    async def _say_stop(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):  # it was cut off already, which some tests are about
            await self.talk.tell("stop", outcome="done")


def _outcomes(story: Story) -> list[Any]:
    return [fact for fact in story.facts if fact.type in {"mediastream.ended", "mediastream.failed"}]


def flow_scenes(floor: Floor) -> list[Scene]:
    """One of each."""
    return [Listener(floor), Asked(floor), Speaker(floor), WithProgram(floor)]
