"""Operations on playbacks that are running."""

from app.ari.resources import Playback
from app.ari.safety import safe_id
from app.ari.transport import AriTransport


class PlaybackOperations(AriTransport):
    async def get_playback(self, playback_id: str) -> Playback:
        operation = "GET /playbacks/{}"
        return await self._fetch(Playback, operation, safe_id(playback_id, "playback id", operation=operation))

    async def stop_playback(self, playback_id: str) -> None:
        """End it; PlaybackFinished follows. AriNotFound when it has ended already."""
        operation = "DELETE /playbacks/{}"
        await self._send(operation, safe_id(playback_id, "playback id", operation=operation))
