"""Sounds and keys in a live call, by what arrives at the far ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from app.calls.core.media import sound_media, tone_media
from app.calls.core.verbs import Play, SendDtmf, StopPlayback
from app.facts.vocabulary import Tone
from app.ids import Kind, LegId, PlaybackId, new_id
from tests.rig.desk import Desk, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550116001", "+15550116002"
SOUND_DBFS, SILENCE_DBFS = -40.0, -60.0
LISTEN_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Talk:
    id: str
    agent: FarEndCall
    customer: FarEndCall
    customer_leg: LegId
    stories: list[Story]


@asynccontextmanager
async def _talking(desk: Desk, far_end: FarEnd) -> AsyncIterator[Talk]:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    leg_id = (await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")).body["leg"]["id"]
    talk = Talk(placed.id, agent, customer, LegId(leg_id), [])
    yield talk
    await desk.hang_up(placed.id)
    talk.stories.append(await desk.wait_for_end(placed.id))
    await assert_is_whole(desk, talk.stories[0])


def _play(media: str | None, leg_id: LegId | None = None) -> Play:
    assert media is not None
    return Play(playback_id=PlaybackId(new_id(Kind.PLAYBACK)), media=(media,), leg_id=leg_id)


async def test_given_a_talk_when_a_tone_is_played_to_one_leg_then_it_alone_hears_it_until_it_is_stopped(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        verb = _play(tone_media(Tone.DIAL), talk.customer_leg)
        await desk.act(talk.id, verb)
        await desk.wait_for(talk.id, "playback.started")
        assert (await talk.customer.hear(LISTEN_SECONDS)).rms_dbfs() > SOUND_DBFS
        assert (await talk.agent.hear(LISTEN_SECONDS)).rms_dbfs() < SILENCE_DBFS
        await desk.act(talk.id, StopPlayback(playback_id=verb.playback_id))
        finished = await desk.wait_for(talk.id, "playback.finished")
        assert (finished.body["playbackId"], finished.body["isStopped"]) == (verb.playback_id, True)
        assert (await talk.customer.hear(LISTEN_SECONDS)).between(0.5, LISTEN_SECONDS).rms_dbfs() < SILENCE_DBFS


async def test_given_a_talk_when_a_sound_is_played_to_all_then_both_hear_it_to_its_end(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        async with talk.customer.hearing() as by_customer, talk.agent.hearing() as by_agent:
            await desk.act(talk.id, _play(sound_media("vm-goodbye")))
            finished = await desk.wait_for(talk.id, "playback.finished")
        assert not finished.body["isStopped"]
        assert by_customer[0].rms_dbfs() > SOUND_DBFS
        assert by_agent[0].rms_dbfs() > SOUND_DBFS


async def test_given_a_talk_when_a_sound_is_not_there_then_the_playback_fails_and_the_talk_goes_on(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        await desk.act(talk.id, _play(sound_media("no-such-sound"), talk.customer_leg))
        assert (await desk.wait_for(talk.id, "playback.failed")).body["reason"]


async def test_given_a_talk_when_keys_are_sent_to_the_customer_then_it_gets_them_in_order(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        verb = SendDtmf(leg_id=talk.customer_leg, digits="12#9*", duration_milliseconds=100, between_milliseconds=100)
        async with talk.agent.sending_silence():
            await desk.act(talk.customer_leg, verb)
            await talk.customer.expect_digits("12#9*")


async def test_given_a_sound_for_the_customer_alone_when_keys_are_sent_to_it_then_they_come_at_its_end(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        await desk.act(talk.id, _play(sound_media("vm-goodbye"), talk.customer_leg))
        await desk.wait_for(talk.id, "playback.started")
        verb = SendDtmf(leg_id=talk.customer_leg, digits="1", duration_milliseconds=100, between_milliseconds=100)
        async with talk.agent.sending_silence():
            await desk.act(talk.customer_leg, verb)
            await talk.customer.expect_digits("1")
        (pressed_at,) = [
            datetime.fromisoformat(event["timestamp"])
            for event in far_end.ears.events
            if event["type"] == "ChannelDtmfReceived"
        ]
        assert (await desk.wait_for(talk.id, "playback.finished")).happened_at < pressed_at
