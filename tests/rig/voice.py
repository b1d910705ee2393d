"""Ears and a mouth on one channel, whichever side of the call it is."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars, AriRefusedError, Event, channel_id_of
from tests.rig.audio import Sound, read_wav, write_tone

_numbers = itertools.count(1)
_TONE_SECONDS = 60
#: On a busy machine a key and the audio behind it may come all at once, before the key has had its shortest time.
_AFTER_KEYS_MILLISECONDS = 500


@dataclass(slots=True)
class Voice:
    """A channel that is in the application of ``ears``. Channel ids are not used twice, digits count from its start."""

    ears: AriEars
    channel_id: str

    @contextlib.asynccontextmanager
    async def playing_tone(self, frequency: float) -> AsyncIterator[None]:
        """Sound a steady tone (Hz) for the length of the block, a minute at most.

        It is a file: while Asterisk's own tone generator runs on a channel, a snoop hears nothing of what comes in.
        """
        name = f"tone-{frequency:g}"
        path = self.ears.scratch_directory / f"{name}.wav"
        if not path.exists():
            write_tone(path, frequency, _TONE_SECONDS)
        async with self.playing(f"sound:{path.with_suffix('')}"):
            yield

    @contextlib.asynccontextmanager
    async def playing(self, media: str) -> AsyncIterator[None]:
        """Play ``sound:…``, ``tone:…`` or ``digits:…`` for the length of the block, or until it ends by itself."""
        playback = f"voice-{next(_numbers)}"
        await self.ears.request("POST", f"/channels/{self.channel_id}/play/{playback}", media=media)
        await self.ears.wait_for(
            lambda event: event["type"] == "PlaybackStarted" and event["playback"]["id"] == playback,
            what=f"the start of {media}",
        )
        try:
            yield
        finally:
            with contextlib.suppress(AriRefusedError):  # it ended by itself, or the call did
                await self.ears.request("DELETE", f"/playbacks/{playback}")

    async def hear(self, seconds: float) -> Sound:
        """Listen for so long and return what came in from the other side.

        Where a bridge at the other side has just ceased to mix, its RTP has other numbers than before. Debian's
        Asterisk drops what is numbered lower (decision 19): such an ear may hear nothing, though the sound is there.
        """
        async with self.hearing() as heard:
            await asyncio.sleep(seconds)
        return heard[0]

    @contextlib.asynccontextmanager
    async def hearing(self) -> AsyncIterator[list[Sound]]:
        """Listen during the block; at its end the yielded list holds one Sound."""
        name = f"voice-{next(_numbers)}"
        await self.ears.request("POST", f"/channels/{self.channel_id}/snoop/{name}", spy="in", app=self.ears.app)
        await self.ears.wait_for_channel(name, "StasisStart")
        await self.ears.request("POST", f"/channels/{name}/record", name=name, format="wav")
        await self.ears.wait_for(
            lambda event: event["type"] == "RecordingStarted" and event["recording"]["name"] == name,
            what="the start of the recording",
        )
        heard: list[Sound] = []
        try:
            yield heard
        finally:
            # When the call has ended, its snoop and so the recording have ended by themselves.
            with contextlib.suppress(AriRefusedError):
                await self.ears.request("POST", f"/recordings/live/{name}/stop")
            await self.ears.wait_for(
                lambda event: event["type"] == "RecordingFinished" and event["recording"]["name"] == name,
                what="the end of the recording",
            )
            content = (await self.ears.request("GET", f"/recordings/stored/{name}/file")).content
            await self.ears.request("DELETE", f"/recordings/stored/{name}")
            with contextlib.suppress(AriRefusedError):
                await self.ears.request("DELETE", f"/channels/{name}")
            heard.append(read_wav(content))

    @contextlib.asynccontextmanager
    async def sending_silence(self) -> AsyncIterator[None]:
        """Send audio during the block, as telephones always do, and this far end does not by itself.

        A key whose packets come close together is ended by Asterisk with the next frame of audio. Without any, the key
        is not heard before something else is sent.
        """
        await self.ears.request("POST", f"/channels/{self.channel_id}/silence")
        try:
            yield
        finally:
            with contextlib.suppress(AriRefusedError):  # the call has ended
                await self.ears.request("DELETE", f"/channels/{self.channel_id}/silence")

    async def press(self, digits: str, *, duration_milliseconds: int = 120, between_milliseconds: int = 100) -> None:
        """Press keys; they are on their way when this returns, not yet all sent.

        A channel does what it is asked in order: the silence ends some time after the last key.
        """
        async with self.sending_silence():
            await self.ears.request(
                "POST",
                f"/channels/{self.channel_id}/dtmf",
                dtmf=digits,
                duration=duration_milliseconds,
                between=between_milliseconds,
                after=_AFTER_KEYS_MILLISECONDS,
            )

    async def expect_digits(self, digits: str, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until these keys, and no others before them, were pressed at the other side."""
        heard = itertools.count(1)

        def is_last(event: Event) -> bool:
            return self._is_key(event) and next(heard) == len(digits)

        await self.ears.wait_for(is_last, seconds=seconds, what=f"{len(digits)} digits")
        assert self.digits_heard[: len(digits)] == digits

    @property
    def digits_heard(self) -> str:
        return "".join(event["digit"] for event in self.ears.events if self._is_key(event))

    def _is_key(self, event: Event) -> bool:
        return event["type"] == "ChannelDtmfReceived" and channel_id_of(event) == self.channel_id
