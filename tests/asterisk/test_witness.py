import pytest

from tests.asterisk.legs import dialled
from tests.rig.ari_ears import AriEars
from tests.rig.witness import Sighting, Witness

pytestmark = pytest.mark.asterisk


async def test_given_a_call_a_bridge_and_a_recording_when_the_witness_looks_then_it_sees_them_until_they_are_gone(
    ears: AriEars, witness: Witness
) -> None:
    assert (await witness.look("test-")).is_empty
    async with dialled(ears, "PJSIP/+15550100012@sandbox-trunk-main") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        await ears.request("POST", "/bridges", type="mixing", bridgeId="test-bridge")
        await ears.request("POST", "/bridges/test-bridge/addChannel", channel=leg.channel_id)
        await ears.request("POST", "/bridges/test-bridge/record", name="test-recording", format="wav")
        await ears.wait_for(lambda event: event["type"] == "RecordingStarted", what="the recording")
        seen = await witness.look("test-", recording_names=["test-recording", "test-nothing"])
        assert seen == Sighting(
            channels=frozenset({leg.channel_id}),
            bridges=frozenset({"test-bridge"}),
            live_recordings=frozenset({"test-recording"}),
            stored_recordings=seen.stored_recordings,
        )
        with pytest.raises(AssertionError, match="test-bridge"):
            await witness.wait_until_gone("test-", seconds=0.2)
        await ears.request("POST", "/recordings/live/test-recording/stop")
    await ears.request("DELETE", "/bridges/test-bridge")
    await ears.wait_for(lambda event: event["type"] == "RecordingFinished", what="the end of the recording")
    assert (await witness.look("test-")).stored_recordings == {"test-recording"}
    await ears.request("DELETE", "/recordings/stored/test-recording")
    await witness.wait_until_gone("test-", recording_names=["test-recording"])


async def test_given_a_prefix_of_nobody_when_the_witness_looks_then_others_things_do_not_count(
    ears: AriEars, witness: Witness
) -> None:
    async with dialled(ears, "PJSIP/sandbox-2010") as leg:
        await leg.wait_for("Dial", dialstatus="RINGING")
        assert (await witness.look("nobody-")).is_empty
        assert leg.channel_id in (await witness.look("")).channels
