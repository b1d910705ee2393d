"""Marks that sound on both sides of a call in the same instant, and how far apart a recording has them."""

from pathlib import Path

import numpy as np
import soundfile  # type: ignore[import-untyped]

from tests.rig.audio import Sound, onset_seconds, write_tone
from tests.rig.far_end import FarEnd, FarEndCall

MARKS = (0.5, 1.1, 1.9, 2.5, 3.3, 3.9, 4.7)
MARK_SECONDS = 0.1
MOST_APART_SECONDS = 0.040


async def sound_marks(far_end: FarEnd, one: FarEndCall, other: FarEndCall) -> None:
    """Play the marks to both sides at once.

    Both ends of the far end's Asterisk stand in one holding bridge: what is played there leaves for both in the same
    20 ms frame, and neither hears the other, so nothing goes round.
    """
    ears, mark = far_end.ears, _marks_file(far_end.ears.scratch_directory)
    bridge = "marks"
    await ears.request("POST", f"/bridges/{bridge}", type="holding")
    try:
        await ears.request("POST", f"/bridges/{bridge}/addChannel", channel=f"{one.channel_id},{other.channel_id}")
        for call in (one, other):
            await ears.wait_for_channel(call.channel_id, "ChannelEnteredBridge")
        playback = (await ears.request("POST", f"/bridges/{bridge}/play", media=f"sound:{mark}")).json()["id"]
        await ears.wait_for(
            lambda event: event["type"] == "PlaybackFinished" and event["playback"]["id"] == playback,
            what="the end of the marks",
        )
    finally:
        await ears.request("DELETE", f"/bridges/{bridge}")


def assert_channels_agree(sound: Sound, lost_seconds: float | None) -> None:
    """All marks are there on both channels, and before either lost anything they are at the same time.

    ``lost_seconds`` is what the recording tells as lost, on a side that was written before the marks as well.

    How far apart the marks are is the far end's doing: its playback stutters on a busy machine, on both sides alike. A
    frame that came late on one side alone shifts one mark. What Asterisk had no time to write on one side shifts all
    that come after (``lostSeconds`` tells it from a quarter of a second on); channels out of step shift all of them.
    """
    left, right = (_onsets(sound, channel) for channel in (0, 1))
    assert len(left) == len(right) == len(MARKS)
    apart = [abs(one - other) for one, other in zip(left, right, strict=True)]
    assert min(apart) <= MOST_APART_SECONDS + (lost_seconds or 0.0), (apart, lost_seconds)


def _marks_file(directory: Path) -> Path:
    """A file with short tones at MARKS; its name without the suffix, as Asterisk wants it."""
    tone = directory / "mark-tone.wav"
    write_tone(tone, 800, MARK_SECONDS)
    beep, rate = soundfile.read(tone)
    samples = np.zeros(int(rate * (MARKS[-1] + 0.5)))
    for start in MARKS:
        samples[int(start * rate) : int(start * rate) + len(beep)] = beep
    path = directory / "marks.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path.with_suffix("")


def _onsets(sound: Sound, channel: int) -> list[float]:
    """When each mark begins, by its first loud sample."""
    onsets: list[float] = []
    position = 0.0
    while position < sound.seconds:
        found = onset_seconds(sound.between(position, sound.seconds).channel(channel), sound.rate)
        if found is None:
            break
        onsets.append(position + found)
        position += found + MARK_SECONDS * 2
    return onsets
