"""Operations on bridges: where channels hear each other."""

from collections.abc import Sequence

from app.ari.resources import Bridge, Playback
from app.ari.safety import join_list, safe_id, safe_text, safe_word
from app.ari.transport import AriTransport


class BridgeOperations(AriTransport):
    async def list_bridges(self) -> list[Bridge]:
        """Every bridge of that Asterisk, other people's too."""
        return await self._fetch(list[Bridge], "GET /bridges")

    async def get_bridge(self, bridge_id: str) -> Bridge:
        operation = "GET /bridges/{}"
        return await self._fetch(Bridge, operation, safe_id(bridge_id, "bridge id", operation=operation))

    async def create_bridge(
        self, bridge_id: str, *, bridge_type: Sequence[str] = ("mixing",), name: str = ""
    ) -> Bridge:
        """Make a bridge of the given kinds (`mixing`, `holding`, `dtmf_events`, `proxy_media`, `video_sfu` …)."""
        operation = "POST /bridges/{}"
        for kind in bridge_type:
            safe_word(kind, "bridge type", operation=operation)
        return await self._fetch(
            Bridge,
            operation,
            safe_id(bridge_id, "bridge id", operation=operation),
            query={"type": ",".join(bridge_type), "name": safe_text(name, "bridge name", operation=operation) or None},
        )

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Take the bridge away. Channels in it stay alive; destroy it after them, or their hang-up causes change."""
        operation = "DELETE /bridges/{}"
        await self._send(operation, safe_id(bridge_id, "bridge id", operation=operation))

    async def add_channel(
        self,
        bridge_id: str,
        channel_id: str,
        *,
        mute: bool | None = None,
        absorb_dtmf: bool | None = None,
        inhibit_connected_line_updates: bool | None = None,
    ) -> None:
        """Put a channel into the bridge. AriInvalid (422) before that channel's own StasisStart."""
        operation = "POST /bridges/{}/addChannel"
        await self._send(
            operation,
            safe_id(bridge_id, "bridge id", operation=operation),
            query={
                "channel": safe_id(channel_id, "channel id", operation=operation),
                "mute": mute,
                "absorbDTMF": absorb_dtmf,
                "inhibitConnectedLineUpdates": inhibit_connected_line_updates,
            },
        )

    async def remove_channel(self, bridge_id: str, channel_id: str) -> None:
        operation = "POST /bridges/{}/removeChannel"
        await self._send(
            operation,
            safe_id(bridge_id, "bridge id", operation=operation),
            query={"channel": safe_id(channel_id, "channel id", operation=operation)},
        )

    async def play_to_bridge(
        self, bridge_id: str, media: str | Sequence[str], playback_id: str, *, language: str | None = None
    ) -> Playback:
        """Play media URIs to everyone in the bridge."""
        operation = "POST /bridges/{}/play/{}"
        uris = [media] if isinstance(media, str) else media
        return await self._fetch(
            Playback,
            operation,
            safe_id(bridge_id, "bridge id", operation=operation),
            safe_id(playback_id, "playback id", operation=operation),
            query={
                "media": join_list(uris, "media", operation=operation),
                "lang": language and safe_word(language, "language", operation=operation),
            },
        )
