"""Recordings that end in the moments in which they begin, on a real Asterisk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest

from app.ari.client import AriClient
from app.calls.core import commands
from app.calls.core.model.recording import PartState, Recording, RecordingPart
from app.calls.doing.recording_parts import RecordingParts
from app.calls.names import snoop_of
from app.facts.vocabulary import LegRole, RecordingMode, RecordingState
from app.ids import Kind, LegId, RecordingId, new_id
from app.local.asterisk import AsteriskInstance
from tests.rig.ari_ears import AriEars, Event
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

APP = "recording-parts"
NODE = "parts"
TONE = "PJSIP/+15550100012@sandbox-trunk-main"
#: What a recording does in the moment of its beginning is now this, now that.
TIMES = 25


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, APP) as listening:
        yield listening


@pytest.fixture
async def parts(asterisk: AsteriskInstance) -> AsyncIterator[RecordingParts]:
    async with AriClient(f"{asterisk.ari_url}/ari", asterisk.ari_username, asterisk.ari_password, app=APP) as ari:
        yield RecordingParts(ari, NODE)


@pytest.fixture
async def tone(ears: AriEars) -> AsyncIterator[str]:
    """A channel on which somebody sounds a tone."""
    channel = new_id(Kind.LEG)
    await ears.request("POST", "/channels", endpoint=TONE, app=APP, channelId=channel, timeout=60)
    await ears.wait_for_channel(channel, "StasisStart")
    yield channel
    await ears.request("DELETE", f"/channels/{channel}")


@pytest.mark.parametrize("has_said_so", [False, True], ids=["asked_for", "said_to_have_begun"])
@pytest.mark.parametrize("state", [RecordingState.FAILED, RecordingState.RECORDING])
async def test_given_a_recording_that_just_begins_when_stopped_then_its_snoop_ends_and_what_nobody_wants_is_gone(
    parts: RecordingParts, ears: AriEars, tone: str, witness: Witness, state: RecordingState, has_said_so: bool
) -> None:
    for _ in range(TIMES):
        recording_id, leg_id = RecordingId(new_id(Kind.RECORDING)), LegId(new_id(Kind.LEG))
        name = snoop_of(NODE, recording_id, LegRole.CUSTOMER)
        await parts.create(commands.CreateSnoop(recording_id=recording_id, role=LegRole.CUSTOMER, leg_id=leg_id), tone)
        await ears.wait_for_channel(name, "StasisStart")
        await parts.record(commands.RecordSnoop(recording_id=recording_id, roles=(LegRole.CUSTOMER,)))
        if has_said_so:
            await ears.wait_for(partial(_is_start_of, name), what="RecordingStarted")
        await parts.stop(
            commands.StopPart(recording_id=recording_id, role=LegRole.CUSTOMER), _recording(recording_id, state)
        )
        await ears.wait_for_channel(name, "StasisEnd")
        left = await witness.look(name, recording_names=[name])
        wanted = frozenset({name}) if state is RecordingState.RECORDING else frozenset()
        assert (left.live_recordings, left.stored_recordings) == (frozenset(), wanted)
        for stored in left.stored_recordings:
            await parts.ari.delete_stored(stored)


def _recording(recording_id: RecordingId, state: RecordingState) -> Recording:
    return Recording(
        id=recording_id,
        mode=RecordingMode.CUSTOMER,
        state=state,
        created_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        parts=(RecordingPart(role=LegRole.CUSTOMER, state=PartState.RECORDING),),
    )


def _is_start_of(name: str, event: Event) -> bool:
    return bool(event["type"] == "RecordingStarted" and event["recording"]["name"] == name)
