"""Operations on recordings: the live ones by name, and what is stored afterwards."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.ari.resources import LiveRecording, StoredRecording
from app.ari.safety import safe_recording_name
from app.ari.transport import AriTransport


class RecordingOperations(AriTransport):
    async def get_live(self, name: str) -> LiveRecording:
        operation = "GET /recordings/live/{}"
        return await self._fetch(LiveRecording, operation, safe_recording_name(name, operation=operation))

    async def stop_live(self, name: str) -> None:
        """End and store it; RecordingFinished follows.

        To throw it away, end it and delete what is stored: Asterisk's own cancelling, asked for in the moment in which
        the recording begins, answers 500 or 204 as it happens, and the file stays.
        """
        await self._on_recording("POST /recordings/live/{}/stop", name)

    async def mute_live(self, name: str) -> None:
        """Write silence from now on: the recording keeps its length.

        Not twice: Asterisk 22.10 writes sound again after the second. Unmuting what is not muted does nothing.
        """
        await self._on_recording("POST /recordings/live/{}/mute", name)

    async def unmute_live(self, name: str) -> None:
        await self._on_recording("DELETE /recordings/live/{}/mute", name)

    async def list_stored(self) -> list[StoredRecording]:
        """Every stored recording of that Asterisk; it walks the directory, so not for every call."""
        return await self._fetch(list[StoredRecording], "GET /recordings/stored")

    async def download_stored(self, name: str) -> AsyncGenerator[bytes, None]:
        """Yield the file piece by piece. Leave the loop early only inside `contextlib.aclosing`.

        Raises:
            AriNotFound: no such recording.
            AriUnavailable: the connection broke or stood still; what came so far is not the whole file.
        """
        operation = "GET /recordings/stored/{}/file"
        async with aclosing(self._download(operation, safe_recording_name(name, operation=operation))) as pieces:
            async for piece in pieces:
                yield piece

    async def delete_stored(self, name: str) -> None:
        """Delete the file, which frees its name."""
        await self._on_recording("DELETE /recordings/stored/{}", name)

    async def _on_recording(self, operation: str, name: str) -> None:
        await self._send(operation, safe_recording_name(name, operation=operation))
