"""A talk at the far end that is recorded, and what its recordings hold, by tone and by time."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import httpx
import pytest
from starlette.applications import Starlette

from app.calls.core.verbs import StartRecording
from app.facts.vocabulary import RecordingMode
from app.ids import Kind, RecordingId, new_id
from tests.rig.audio import Sound, read_wav
from tests.rig.desk import Body, Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook

AGENT_NUMBER, AGENT_HERTZ = "+15550117001", 3100  # music has next to nothing there
CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550117002", 1000
AGENT, CUSTOMER = 0, 1
LOUD_DBFS = -30.0
ABSENT_DBFS = -60.0
#: The most that what is recorded may be off what is true, in time.
OFF_SECONDS = 0.040
#: Near the edges of a stretch sound that was under way is still, or not yet, there.
EDGE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class RecordedTalk:
    desk: Desk
    far_end: FarEnd
    id: str
    agent: FarEndCall
    customer: FarEndCall

    @asynccontextmanager
    async def sounding(self) -> AsyncIterator[None]:
        """Both sound their tone."""
        async with AsyncExitStack() as tones:
            await tones.enter_async_context(self.agent.playing_tone(AGENT_HERTZ))
            await tones.enter_async_context(self.customer.playing_tone(CUSTOMER_HERTZ))
            yield

    async def recording_id(self) -> RecordingId:
        return RecordingId((await self.desk.wait_for(self.id, "recording.started")).body["recordingId"])

    async def wait_for_number(self, type_name: str, number: int) -> Fact:
        """The first, second, … fact of a type."""

        def of_type(facts: list[Fact]) -> list[Fact]:
            return [fact for fact in facts if fact.type == type_name]

        facts = await self.desk.wait_until(
            self.id, lambda facts: len(of_type(facts)) >= number, what=f"{number} × {type_name}"
        )
        return of_type(facts)[number - 1]

    async def start_recording(self, mode: RecordingMode = RecordingMode.BOTH) -> None:
        verb = StartRecording(recording_id=RecordingId(new_id(Kind.RECORDING)), mode=mode)
        await self.desk.act(self.id, verb)


async def talking(desk: Desk, far_end: FarEnd, record: RecordingMode = RecordingMode.OFF) -> RecordedTalk:
    """Two who talk; when they are recorded, Asterisk writes."""
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend", record=record)
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    if record is not RecordingMode.OFF:
        await desk.wait_for(placed.id, "recording.started")
    return RecordedTalk(desk, far_end, placed.id, agent, customer)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A saved recording and its sound."""

    row: Body
    sound: Sound

    def stretches(self, kind: str) -> list[Body]:
        return [segment for segment in self.row["segments"] if segment["kind"] == kind]

    def heard(self, segment: Body, *, edge: float = EDGE_SECONDS) -> Sound:
        """The sound of a segment, without its edges."""
        begin = segment["offsetSeconds"]
        return self.sound.between(begin + edge, begin + segment["lengthSeconds"] - edge)

    def assert_map_is_right(self) -> None:
        """It tells of all the file and all the time, without holes; and the file is as long as it says."""
        segments = self.row["segments"]
        for one, after in pairwise(segments):
            assert one["endedAt"] == after["beganAt"]
            assert one["offsetSeconds"] + one["lengthSeconds"] == pytest.approx(after["offsetSeconds"], abs=1e-6)
        assert segments[0]["offsetSeconds"] == 0
        total = sum(segment["lengthSeconds"] for segment in segments)
        assert total == pytest.approx(self.sound.seconds, abs=1e-3)
        assert self.row["durationSeconds"] == pytest.approx(self.sound.seconds, abs=1e-3)
        for segment in segments:
            assert (
                segment["lengthSeconds"] == pytest.approx(true_seconds(segment), abs=1e-3)
                or not segment["lengthSeconds"]
            )

    def assert_silent(self, segment: Body) -> None:
        """Nothing whatever on either channel, from its very beginning to its very end."""
        sound = self.heard(segment, edge=0.0)
        for channel in range(sound.channel_count):
            assert sound.rms_dbfs(channel) < ABSENT_DBFS


def true_seconds(segment: Body) -> float:
    return (instant(segment["endedAt"]) - instant(segment["beganAt"])).total_seconds()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def off(segment: Body, name: str, fact: Fact, word: str) -> float:
    """How far an end of a segment is from what a fact says, in seconds."""
    return abs((instant(segment[name]) - instant(fact.body[word])).total_seconds())


async def recorded(desk: Desk, offhook: RunningOffhook, call_id: str) -> list[Recorded]:
    """The call's recordings, fetched from where their addresses lead."""
    app = Starlette(routes=offhook.service.recording_files.routes)
    found = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://offhook") as web:
        for row in await desk.line.recordings(call_id):
            assert row["state"] == "SAVED", row
            found.append(Recorded(row, read_wav((await web.get(row["url"])).content)))
    return found
