"""One-time passwords by what a far end hears, and by what is to be found of them afterwards: nothing."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from app.config import Settings
from app.facts.masking import Sight
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.otps.voice import BETWEEN_SECONDS
from app.speech import samples
from app.speech.cache import ContentKey
from app.speech.model import Speech
from tests.rig.audio import Sound
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.spoken import write_espeak
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.asterisk

RATE = 8_000
#: A digit may sound so much earlier or later than it should: on a busy machine packets come late.
MOST_SHIFT_SECONDS = 0.3
#: Of two different digits, or a digit and another word, the likeness is below.
SURE = 0.6
#: If a digit is torn in one of them, it is whole in others.
READINGS = 3
#: So long that it is nowhere by chance.
CODE = "471905380262"
LONG_TEXT = f"{'Please listen, for you will soon be told your code, and you will need it. ' * 18}{{code}}"
_FOUND = re.compile(r"[^0-9]{0,3}".join(CODE))
_OTP = "id state heardToEnd timesHeard failure disposition codesTried attemptsLeft verifiedAt callId"
_ANNOUNCE = (
    "mutation($input: AnnounceOtpInput!) { announceOtp(input: $input) "
    f"{{ otp {{ {_OTP} }} replayed userErrors {{ code message field }} }} }}"
)
_VERIFY = (
    "mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) "
    f"{{ verdict isVerified otp {{ {_OTP} }} userErrors {{ code message }} }} }}"
)
_READ = f"query($id: ID!) {{ otp(id: $id) {{ {_OTP} call {{ kind disposition otpId otp {{ id }} }} }} }}"
_EVENTS = "query($id: ID!) { events(filter: {subjectId: $id}, first: 200) { nodes { __typename type } } }"


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """With the espeak-ng that was found for this machine, whatever is on the PATH."""
    return make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


async def _announce(offhook: RunningOffhook, number: str, **fields: Any) -> Any:
    given = {"idempotencyKey": f"otp {number}", "number": number, "trunkId": offhook.trunks["farend"], **fields}
    return (await offhook.change(_ANNOUNCE, **given))["otp"]


async def _until_over(offhook: RunningOffhook, otp_id: str) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            otp = await offhook.ask(_READ, id=otp_id)
            if otp["state"] in {"ANNOUNCED", "FAILED"}:
                return otp
            await asyncio.sleep(0.1)


async def _until_traced(offhook: RunningOffhook, call_id: str) -> None:
    """The call's trace is written in the background, after its end."""
    async with asyncio.timeout(PATIENCE_SECONDS), offhook.service.database.acquire() as connection:
        while not await connection.fetchval("SELECT true FROM call_trace WHERE call_id = $1", call_id):
            await asyncio.sleep(0.05)


async def _verify(offhook: RunningOffhook, otp_id: str, code: str) -> tuple[str, bool]:
    payload = await offhook.change(_VERIFY, id=otp_id, code=code)
    return payload["verdict"], payload["isVerified"]


async def _cached_digits(offhook: RunningOffhook) -> dict[str, NDArray[np.float64]]:
    """Each digit as it is kept, without the silence around it."""
    speech = offhook.service.services.speech
    digits = {}
    for digit in "0123456789":
        uri = await speech.speaker.render(offhook.principal.account_id, Speech(text=digit))
        key = ContentKey(uri.rpartition("/")[2].partition(".")[0])
        content = speech.media_files._caches[0].read(key, RATE)
        assert content is not None
        spoken = samples.trim(samples.read_spoken(content).samples)
        digits[digit] = soundfile.read(io.BytesIO(samples.write_wav(spoken, RATE)))[0]
    return digits


def _digits_told(heard: Sound, digits: dict[str, NDArray[np.float64]]) -> str:
    """What was heard where the digits of ``CODE`` should be: at each place the likest of all ten, over all readings.

    So a digit is only taken for another one where that is nearer to what was heard, and one that was torn by a late
    packet is made up for by the other readings.
    """
    assert heard.rate == RATE
    channel, shift = heard.channel(0), round(MOST_SHIFT_SECONDS * RATE)
    curves = {digit: _likeness(channel, sound) for digit, sound in digits.items()}
    whole, places = _joined([digits[digit] for digit in CODE])
    score = {(place, digit): 0.0 for place in range(len(CODE)) for digit in digits}
    for begin in _likest(_likeness(channel, whole), len(whole), READINGS):
        late = 0  # by so much was the digit before
        for place, offset in enumerate(places):
            first = max(0, begin + offset + late - shift)
            near = {digit: curve[first : first + 2 * shift] for digit, curve in curves.items()}
            likeness = {digit: float(curve.max(initial=0.0)) for digit, curve in near.items()}
            likest = max(likeness, key=lambda digit: likeness[digit])
            if likeness[likest] > SURE:
                late = first + int(np.argmax(near[likest])) - begin - offset
            for digit, one in likeness.items():
                # The square: to be the very one once is worth more than to be somewhat like it often.
                score[place, digit] += one**2
    return "".join(max(digits, key=lambda digit: score[place, digit]) for place in range(len(CODE)))


def _joined(sounds: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], list[int]]:
    """All of them with the pause between two, and where each begins."""
    pause = np.zeros(round(BETWEEN_SECONDS * RATE))
    places = [sum(len(one) + len(pause) for one in sounds[:number]) for number in range(len(sounds))]
    return np.concatenate([part for sound in sounds for part in (sound, pause)])[: -len(pause)], places


def _likest(curve: NDArray[np.float64], length: int, count: int) -> list[int]:
    """The likest places that do not overlap."""
    curve, found = curve.copy(), []
    for _ in range(count):
        found.append(int(np.argmax(curve)))
        curve[max(0, found[-1] - length // 2) : found[-1] + length // 2] = -1.0
    return found


def _likeness(heard: NDArray[np.float64], piece: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each place, how much of what is there the piece is: 1 is all of it and nothing else."""
    size = 1 << (len(heard) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size)), size)
    product = product[: len(heard) - len(piece) + 1]
    passed = np.concatenate([[0.0], np.cumsum(heard**2)])
    energy = passed[len(piece) :] - passed[: -len(piece)]
    likeness: NDArray[np.float64] = product / np.sqrt(np.maximum(energy, 1e-3) * np.sum(piece**2))
    return likeness


async def _every_row(offhook: RunningOffhook) -> str:
    async with offhook.service.database.acquire() as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await _rows_of(offhook, table["tablename"]) for table in tables]
    assert len(rows) > 10
    return "\n".join(rows)


async def _rows_of(offhook: RunningOffhook, table: str) -> str:
    async with offhook.service.database.acquire() as connection:
        rows = await connection.fetch(f'SELECT one::text AS whole FROM "{table}" AS one')  # noqa: S608  # one of our own
    return "\n".join(row["whole"] for row in rows)


async def test_given_a_code_when_it_is_told_then_its_digits_are_heard_and_stand_nowhere(
    served_offhook: RunningOffhook,
    calling: Desk,
    far_end: FarEnd,
    webhook_sink: Sink,
    capfd: pytest.CaptureFixture[str],
) -> None:
    number = "+15550118101"
    # It is told all there is to tell, and may see all of it.
    await served_offhook.service.services.webhooks.create(
        served_offhook.principal.account_id,
        url=webhook_sink.url("/all"),
        reads_pii=True,
        reads_dtmf=True,
        granted=Sight(has_numbers=True, has_digits=True),
    )
    otp = await _announce(served_offhook, number, code=CODE, repeat=READINGS)
    customer = await far_end.expect_call(number)
    async with customer.hearing() as heard:
        await customer.answer()
        await customer.wait_until_ended()
    over = await _until_over(served_offhook, otp["id"])

    assert (over["state"], over["heardToEnd"], over["timesHeard"]) == ("ANNOUNCED", True, READINGS)
    expected = {"kind": "OTP", "disposition": "ANSWERED", "otpId": otp["id"], "otp": {"id": otp["id"]}}
    assert over["call"] == expected
    assert _digits_told(heard[0], await _cached_digits(served_offhook)) == CODE
    assert await _verify(served_offhook, otp["id"], "471905380263") == ("WRONG", False)
    assert await _verify(served_offhook, otp["id"], "4719 0538-0262") == ("VERIFIED", True)
    assert await _verify(served_offhook, otp["id"], CODE) == ("USED", False)
    told = [node["type"] for node in (await served_offhook.ask(_EVENTS, id=otp["id"]))["nodes"]]
    assert told == ["OTP_ANNOUNCED", "OTP_VERIFIED"]

    story = await calling.wait_for_end(otp["callId"])
    assert "recording.started" not in story.types
    await _until_traced(served_offhook, otp["callId"])
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {served_offhook.token}"}
        diagnosis = await client.get(
            f"{served_offhook.url}/v1/calls/{otp['callId']}/diagnostics.ndjson", headers=headers
        )
        metrics = await client.get(f"{served_offhook.url}/metrics")
    assert (diagnosis.status_code, metrics.status_code) == (200, 200)
    assert '"secret"' in diagnosis.text  # what is looked through is the call in which it was told
    last = {"otp.announced", "otp.verified", "call.ended"}
    await webhook_sink.wait_until(lambda: {one.json["type"] for one in webhook_sink.at("/all")} >= last)
    sent = "\n".join(f"{one.headers} {one.body.decode()}" for one in webhook_sink.at("/all"))
    assert number in sent
    rows = await _every_row(served_offhook)
    assert "otp.announced" in (await _rows_of(served_offhook, "webhook_delivery"))
    everything = (diagnosis.text, metrics.text, sent, rows, *capfd.readouterr())
    for text in everything:
        assert _FOUND.search(text) is None
    assert re.search(r"/media/[0-9]", diagnosis.text) is None  # the address is as good as the code


async def test_given_a_call_that_tells_a_code_when_others_want_to_hear_or_keep_it_then_they_are_refused(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd
) -> None:
    number = "+15550118102"
    # So long that nothing of what follows comes too late, however busy this machine is.
    otp = await _announce(served_offhook, number, code=CODE, announcement={"text": LONG_TEXT})
    customer = await far_end.expect_call(number)
    await customer.answer()
    leg = await calling.wait_for(otp["callId"], "leg.answered")
    asked = {
        "StartRecordingInput startRecording": {"callId": otp["callId"]},
        "StartSupervisionInput startSupervision": {
            "callId": otp["callId"],
            "supervisor": {"extension": "2001"},
            "mode": "MONITOR",
            "idempotencyKey": "listen",
        },
        "AddParticipantInput addParticipant": {
            "callId": otp["callId"],
            "target": {"extension": "2001"},
            "idempotencyKey": "join",
        },
        "TransferCallInput transferCall": {
            "callId": otp["callId"],
            "target": {"extension": "2001"},
            "kind": "BLIND",
            "idempotencyKey": "transfer",
        },
        "MuteLegInput muteLeg": {"legId": leg.body["leg"]["id"]},
    }
    for names, given in asked.items():
        kind, name = names.split()
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code message }} }} }}"
        (error,) = (await served_offhook.ask(query, input=given))["userErrors"]
        assert (name, error["code"]) == (name, "INVALID_STATE")
        assert "one-time password" in error["message"]
    async with customer.playing("tone:1000"):
        pass  # any sound: the line is alive
    await customer.hang_up()
    over = await _until_over(served_offhook, otp["id"])
    assert (over["state"], over["heardToEnd"]) == ("ANNOUNCED", False)


async def test_given_a_busy_line_when_a_code_is_to_be_told_then_it_failed_and_can_be_verified_still(
    served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    number = "+15550118103"
    otp = await _announce(served_offhook, number, code="0815")
    await (await far_end.expect_call(number)).reject(486)
    over = await _until_over(served_offhook, otp["id"])
    assert (over["state"], over["failure"], over["disposition"]) == ("FAILED", "NOT_ANSWERED", "BUSY")
    assert over["heardToEnd"] is None
    assert await _verify(served_offhook, otp["id"], "0815") == ("VERIFIED", True)
