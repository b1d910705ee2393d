"""The collector against a real Asterisk: what it stores, when it says a recording began, what it gives over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from app.ari.client import AriClient
from app.facts.vocabulary import LegRole, RecordingMode
from app.files.store import FileStore
from app.ids import Kind, asterisk_name, new_id
from app.local.asterisk import AsteriskInstance
from app.recordings.collecting import Collected, CollectFailed, CollectJob, CollectResult, Part
from app.recordings.collector import CollectorLimits, RecordingCollector
from tests.recordings.tones import loudest_hertz, onset_seconds, read_wave, share_at
from tests.rig.ari_ears import AriEars, Event
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_END_TRUNK

pytestmark = pytest.mark.asterisk

APP = "recording-contract"


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, APP) as listening:
        yield listening


@pytest.fixture
async def ari(asterisk: AsteriskInstance) -> AsyncIterator[AriClient]:
    async with AriClient(f"{asterisk.ari_url}/ari", asterisk.ari_username, asterisk.ari_password, app=APP) as client:
        yield client


class Side:
    """An answered call to the far end, whose voice is recorded through a snoop."""

    def __init__(self, ears: AriEars, channel_id: str, far: FarEndCall, name: str) -> None:
        self.ears = ears
        self.channel_id = channel_id
        self.far = far
        self.name = name

    async def start_recording(self, audio_format: str) -> datetime:
        """The instant at which Asterisk says that the recording began."""
        await self.ears.request("POST", f"/channels/{self.channel_id}/snoop/{self.name}", spy="in", app=APP)
        await self.ears.wait_for_channel(self.name, "StasisStart")
        await self.ears.request("POST", f"/channels/{self.name}/record", name=self.name, format=audio_format)
        started = await self.ears.wait_for(self._is_of("RecordingStarted"), what="RecordingStarted")
        return datetime.fromisoformat(started["timestamp"])

    async def stop_recording(self) -> datetime:
        """The instant at which Asterisk says that the recording ended."""
        await self.ears.request("POST", f"/recordings/live/{self.name}/stop")
        finished = await self.ears.wait_for(self._is_of("RecordingFinished"), what="RecordingFinished")
        await self.ears.request("DELETE", f"/channels/{self.name}")
        return datetime.fromisoformat(finished["timestamp"])

    def _is_of(self, event_type: str) -> Callable[[Event], bool]:
        def matches(event: Event) -> bool:
            return bool(event["type"] == event_type and event["recording"]["name"] == self.name)

        return matches


@asynccontextmanager
async def answered_call(ears: AriEars, far_end: FarEnd, name: str, number: str) -> AsyncIterator[Side]:
    channel_id = f"leg.{name}"  # no id may begin with a whole other one: Asterisk takes that for the same id
    await ears.request(
        "POST", "/channels", endpoint=f"PJSIP/{number}@{FAR_END_TRUNK}", app=APP, channelId=channel_id, timeout=60
    )
    far = await far_end.expect_call(number)
    await far.answer()
    await ears.wait_for_channel(channel_id, "StasisStart")
    try:
        yield Side(ears, channel_id, far, name)
    finally:
        await ears.request("DELETE", f"/channels/{channel_id}")
        await ears.wait_for_channel(channel_id, "ChannelDestroyed")


async def collect(ari: AriClient, folder: Path, job: CollectJob) -> CollectResult:
    heard: asyncio.Queue[CollectResult] = asyncio.Queue()

    async def on_result(call_id: str, result: CollectResult) -> None:
        assert call_id == job.call_id
        heard.put_nowait(result)

    store = FileStore.open(None, folder)
    collector = RecordingCollector(ari, store, on_result, limits=CollectorLimits(retry_schedule=(0.1,)))
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(collector.run())
        collector.submit(job)
        result = await heard.get()
        running.cancel()
    return result


def make_names(recording_id: str) -> tuple[str, str]:
    return asterisk_name("n1", recording_id, "-agent"), asterisk_name("n1", recording_id, "-customer")


def make_job(recording_id: str, started: tuple[datetime, datetime], finished: tuple[datetime, datetime]) -> CollectJob:
    """Of both sides; instants and names of the agent's first."""
    return CollectJob(
        recording_id=recording_id,
        account_id=new_id(Kind.ACCOUNT),
        call_id=new_id(Kind.CALL),
        mode=RecordingMode.BOTH,
        parts=tuple(
            Part(role=role, stored_name=name, started_at=started_at, finished_at=finished_at)
            for role, name, started_at, finished_at in zip(
                (LegRole.AGENT, LegRole.CUSTOMER), make_names(recording_id), started, finished, strict=True
            )
        ),
    )


async def stored_names(ears: AriEars) -> set[str]:
    return {stored["name"] for stored in (await ears.request("GET", "/recordings/stored")).json()}


@pytest.mark.parametrize(("audio_format", "rate"), [("wav", 8000), ("wav16", 16000)])
async def test_given_two_real_calls_when_recorded_and_collected_then_each_voice_is_on_its_channel(
    ears: AriEars, ari: AriClient, far_end: FarEnd, tmp_path: Path, audio_format: str, rate: int
) -> None:
    recording_id = new_id(Kind.RECORDING)
    names = make_names(recording_id)
    async with (
        answered_call(ears, far_end, names[0], "15557770001") as agent,
        answered_call(ears, far_end, names[1], "15557770002") as customer,
        agent.far.playing_tone(1000),
        customer.far.playing_tone(400),
    ):
        started = await agent.start_recording(audio_format), await customer.start_recording(audio_format)
        await asyncio.sleep(1.5)  # of talk
        finished = await agent.stop_recording(), await customer.stop_recording()

    result = await collect(ari, tmp_path, make_job(recording_id, started, finished))

    assert isinstance(result, Collected), result
    samples, read_rate = read_wave(tmp_path / "recordings" / result.object_key)
    assert (read_rate, result.sample_rate, result.channels) == (rate, rate, 2)
    assert result.duration_seconds > 1.0  # of 1.5: a busy machine loses frames
    both_since = (started[1] - started[0]).total_seconds()
    middle = samples[int((both_since + 0.5) * rate) : int((both_since + 1.0) * rate)]
    assert loudest_hertz(middle[:, 0], rate) == pytest.approx(1000, abs=5)
    assert loudest_hertz(middle[:, 1], rate) == pytest.approx(400, abs=5)
    assert share_at(middle[:, 0], rate, 400) < 0.01
    assert share_at(middle[:, 1], rate, 1000) < 0.01
    assert not {name for name in await stored_names(ears) if recording_id in name}


async def test_given_recordings_begun_apart_when_collected_then_one_sound_is_at_one_place_within_40_ms(
    ears: AriEars, ari: AriClient, far_end: FarEnd, tmp_path: Path
) -> None:
    # Two snoops on one channel hear the same sound at the same moment: any difference is ours, or that of a machine so
    # busy that Asterisk's own threads came late. The middle of three: the former would be in each, the latter is rare.
    apart = []
    async with answered_call(ears, far_end, new_id(Kind.LEG), "15557770003") as call:
        for late in (0.0, 0.37, 0.2):
            recording_id = new_id(Kind.RECORDING)
            agent, customer = (Side(ears, call.channel_id, call.far, name) for name in make_names(recording_id))
            agent_started_at = await agent.start_recording("wav")
            await asyncio.sleep(late)
            started = agent_started_at, await customer.start_recording("wav")
            await asyncio.sleep(0.3)  # of silence before the sound
            async with call.far.playing_tone(1000):
                await asyncio.sleep(1.0)
            finished = await agent.stop_recording(), await customer.stop_recording()
            result = await collect(ari, tmp_path, make_job(recording_id, started, finished))
            assert isinstance(result, Collected), result
            samples, rate = read_wave(tmp_path / "recordings" / result.object_key)
            left, right = onset_seconds(samples[:, 0], rate), onset_seconds(samples[:, 1], rate)
            assert left > late + 0.1
            apart.append(abs(left - right))

    assert median(apart) < 0.04, apart


async def test_given_a_side_that_asterisk_does_not_have_when_collected_then_it_fails_and_the_other_stays(
    ears: AriEars, ari: AriClient, far_end: FarEnd, tmp_path: Path
) -> None:
    recording_id = new_id(Kind.RECORDING)
    name, _missing = make_names(recording_id)
    async with answered_call(ears, far_end, name, "15557770004") as agent:
        started_at = await agent.start_recording("wav")
        await asyncio.sleep(0.2)  # of talk
        finished_at = await agent.stop_recording()

    job = make_job(recording_id, (started_at, started_at), (finished_at, finished_at))
    result = await collect(ari, tmp_path, job)

    assert result == CollectFailed(
        recording_id=recording_id, reason="Asterisk has no recording of the customer's side.", is_final=True
    )
    assert name in await stored_names(ears)
    await ears.request("DELETE", f"/recordings/stored/{name}")
