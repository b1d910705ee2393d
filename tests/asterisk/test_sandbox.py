"""Every sandbox number and phone, dialled over real SIP, as the calling side sees it."""

import time

import pytest

from tests.asterisk.legs import CALLER_NAME, CALLER_NUMBER, dialled
from tests.rig.ari_ears import AriEars, channel_id_of
from tests.rig.audio import Sound
from tests.rig.voice import Voice

pytestmark = pytest.mark.asterisk

TRUNK = "sandbox-trunk-main"
BUSY = (17, 486)
REJECTED = (21, 603)
UNKNOWN_NUMBER = (1, 404)
CONGESTED = (34, 503)
NO_ANSWER = (19, 480)
NORMAL = (16, None)
_MOST_DETECTIONS = 3


@pytest.mark.parametrize(
    ("digits", "causes"),
    [
        ("+15550100001", BUSY),
        ("15550100001", BUSY),
        ("+15550100003", REJECTED),
        ("+15550100004", UNKNOWN_NUMBER),
        ("+15550100005", CONGESTED),
        ("+15550109999", UNKNOWN_NUMBER),
        ("2001", UNKNOWN_NUMBER),
        ("911", UNKNOWN_NUMBER),
    ],
)
async def test_given_a_number_that_refuses_when_dialled_then_the_leg_ends_with_its_causes(
    ears: AriEars, digits: str, causes: tuple[int, int]
) -> None:
    async with dialled(ears, f"PJSIP/{digits}@{TRUNK}") as leg:
        assert await leg.wait_until_ended() == causes
        assert not leg.saw("Dial", dialstatus="ANSWER")


async def test_given_a_number_that_rejects_when_dialled_then_it_rings_first(ears: AriEars) -> None:
    async with dialled(ears, f"PJSIP/+15550100003@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="RINGING")
        assert await leg.wait_until_ended() == REJECTED


@pytest.mark.parametrize("endpoint", [f"PJSIP/+15550100002@{TRUNK}", "PJSIP/sandbox-2010"])
async def test_given_nobody_answers_when_the_ring_time_is_over_then_the_leg_ends_unanswered(
    ears: AriEars, endpoint: str
) -> None:
    async with dialled(ears, endpoint, ring_seconds=3) as leg:
        await leg.wait_for("Dial", dialstatus="RINGING")
        assert await leg.wait_until_ended() == NO_ANSWER
        assert leg.saw("ChannelHangupRequest", soft=True)


async def test_given_the_busy_phone_when_dialled_then_the_leg_is_busy(ears: AriEars) -> None:
    async with dialled(ears, "PJSIP/sandbox-2009") as leg:
        assert await leg.wait_until_ended() == BUSY


@pytest.mark.parametrize("extension", range(2001, 2009))
async def test_given_an_agents_phone_when_dialled_then_it_rings_a_second_answers_and_speaks(
    ears: AriEars, extension: int
) -> None:
    began = time.monotonic()  # before the dialling: a busy machine only adds to what is measured from here
    async with dialled(ears, f"PJSIP/sandbox-{extension}") as leg:
        await leg.wait_for("ChannelStateChange")
        await leg.wait_for("Dial", dialstatus="RINGING")
        await leg.wait_for("Dial", dialstatus="ANSWER")
        assert time.monotonic() - began >= 1.0
        heard = await _hear(ears, leg.channel_id, 1.5)
        assert heard.rms_dbfs() > -45
        assert not leg.saw("ChannelHangupRequest")


@pytest.mark.parametrize(("last_four", "wait_seconds"), [("0000", 2.0), ("0009", 8.0)])
async def test_given_a_number_that_takes_its_time_when_dialled_then_it_answers_when_it_should(
    ears: AriEars, last_four: str, wait_seconds: float
) -> None:
    began = time.monotonic()
    async with dialled(ears, f"PJSIP/+1555010{last_four}@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        assert time.monotonic() - began >= wait_seconds


async def test_given_a_number_that_hangs_up_when_answered_then_the_far_end_ends_it_after_a_second(
    ears: AriEars,
) -> None:
    began = time.monotonic()
    async with dialled(ears, f"PJSIP/+15550100008@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        assert await leg.wait_until_ended() == NORMAL
        assert time.monotonic() - began >= 1.0
        assert not leg.saw("ChannelHangupRequest", soft=True)


@pytest.mark.parametrize(("last_four", "digits"), [("0007", "1"), ("0010", "123#")])
async def test_given_a_number_that_presses_keys_when_answered_then_exactly_they_arrive(
    ears: AriEars, last_four: str, digits: str
) -> None:
    async with dialled(ears, f"PJSIP/+1555010{last_four}@{TRUNK}") as leg:
        call = Voice(ears, leg.channel_id)
        await call.expect_digits(digits)


@pytest.mark.parametrize(("last_four", "frequency"), [("0012", 1000.0), ("0013", 400.0)])
async def test_given_a_steady_tone_when_listened_to_then_it_is_that_tone(
    ears: AriEars, last_four: str, frequency: float
) -> None:
    async with dialled(ears, f"PJSIP/+1555010{last_four}@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        heard = (await _hear(ears, leg.channel_id, 1.2)).between(0.2, 1.2)
        assert heard.tone_dbfs(frequency) > -20
        assert heard.tone_dbfs(1400.0 - frequency) < -40


async def test_given_the_echo_when_a_tone_is_played_to_it_then_it_comes_back(ears: AriEars) -> None:
    async with dialled(ears, f"PJSIP/+15550100011@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        near = Voice(ears, leg.channel_id)
        async with near.playing_tone(700):
            heard = (await near.hear(1.5)).between(0.5, 1.5)
        assert heard.tone_dbfs(700) > -20


async def test_given_the_answering_machine_when_listened_to_then_greeting_beep_and_silence_follow(
    ears: AriEars,
) -> None:
    async with dialled(ears, f"PJSIP/+15550100006@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        heard = await _hear(ears, leg.channel_id, 9.5)
        assert heard.between(1.0, 5.0).rms_dbfs() > -35
        assert heard.seconds > 7.0  # greeting and beep end before that: silence came as frames, too
        assert heard.between(heard.seconds - 0.5, heard.seconds).rms_dbfs() < -60


@pytest.mark.parametrize(("last_four", "expected"), [("0000", "HUMAN"), ("0006", "MACHINE")])
async def test_given_machine_detection_when_run_then_it_tells_people_from_machines(
    ears: AriEars, last_four: str, expected: str
) -> None:
    """On a busy machine it may begin to listen after the first word, which is a person's and is not said again."""
    verdicts: list[str] = []
    while expected not in verdicts and len(verdicts) < _MOST_DETECTIONS:
        verdicts.append(await _detect(ears, last_four))
    assert verdicts[-1] == expected, verdicts


async def _detect(ears: AriEars, last_four: str) -> str:
    async with dialled(ears, f"PJSIP/+1555010{last_four}@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="ANSWER")
        # The dialplan's detection ends in the service's own application; here the verdict is read off the channel.
        await ears.request(
            "POST", f"/channels/{leg.channel_id}/continue", context="offhook-amd", extension="s", priority=1
        )
        verdict = await ears.wait_for(
            lambda event: (
                event["type"] == "ChannelVarset"
                and channel_id_of(event) == leg.channel_id
                and event["variable"] == "AMDSTATUS"
                and bool(event["value"])
            ),
            what="a verdict",
        )
        return str(verdict["value"])


@pytest.mark.parametrize("endpoint", ["PJSIP/sandbox-2010", f"PJSIP/+15550100002@{TRUNK}"])
async def test_given_a_caller_id_when_dialled_then_the_far_end_is_shown_it(ears: AriEars, endpoint: str) -> None:
    async with dialled(ears, endpoint) as leg:
        await leg.wait_for("Dial", dialstatus="RINGING")
        channels = (await ears.request("GET", "/channels")).json()
        shown = [channel["caller"] for channel in channels if channel["name"].startswith("PJSIP/sandbox-farend-")]
        assert {"name": CALLER_NAME, "number": CALLER_NUMBER} in shown


@pytest.mark.parametrize(
    ("last_four", "cause", "tech"), [("0001", 17, "SIP 486 Busy Here"), ("0008", 16, "SIP 200 OK")]
)
async def test_given_a_leg_that_ended_when_its_memory_is_read_then_time_and_cause_are_true(
    ears: AriEars, last_four: str, cause: int, tech: str
) -> None:
    began = time.time()
    async with dialled(ears, f"PJSIP/+1555010{last_four}@{TRUNK}") as leg:
        await leg.wait_until_ended()
        ended_at, remembered_cause, remembered_tech = await leg.remembered_end()
        assert began <= ended_at <= time.time()
        assert ended_at % 1 != 0
        assert (remembered_cause, remembered_tech) == (cause, tech)


async def test_given_our_own_hang_up_when_the_memory_is_read_then_it_says_normal_clearing(ears: AriEars) -> None:
    async with dialled(ears, f"PJSIP/+15550100002@{TRUNK}") as leg:
        await leg.wait_for("Dial", dialstatus="RINGING")
        await leg.hang_up()
        assert await leg.wait_until_ended() == NORMAL
        assert (await leg.remembered_end())[1] == 16


async def _hear(ears: AriEars, channel_id: str, seconds: float) -> Sound:
    return await Voice(ears, channel_id).hear(seconds)
