"""An independent witness: a second ARI client, written by others (aioari), that looks at what is left in Asterisk."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import aioari  # type: ignore[import-untyped]
from aiohttp.web_exceptions import HTTPNotFound

_REQUEST_SECONDS = 60.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Sighting:
    """Ids (of recordings: names) that begin with the asked-for prefix, as they were at one moment."""

    channels: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    live_recordings: frozenset[str] = frozenset()
    stored_recordings: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return self == Sighting()


class Witness:
    """Looks, and never touches."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def look(self, prefix: str, *, recording_names: Iterable[str] = ()) -> Sighting:
        """List everything whose id starts with ``prefix``; an empty prefix lists all.

        ARI has no list of live recordings: they are asked for one by one, as ``recording_names``.
        """

        def ours(names: Iterable[str]) -> frozenset[str]:
            return frozenset(name for name in names if name.startswith(prefix))

        async with asyncio.timeout(_REQUEST_SECONDS):
            return Sighting(
                channels=ours([channel.id for channel in await self._client.channels.list()]),
                bridges=ours([bridge.id for bridge in await self._client.bridges.list()]),
                live_recordings=frozenset([name for name in recording_names if await self._is_live(name)]),
                stored_recordings=ours(
                    [recording.json["name"] for recording in await self._client.recordings.listStored()]
                ),
            )

    async def who_is_together(self) -> list[frozenset[str]]:
        """The channels of each bridge."""
        async with asyncio.timeout(_REQUEST_SECONDS):
            return [frozenset(bridge.json["channels"]) for bridge in await self._client.bridges.list()]

    async def global_variable(self, name: str) -> str:
        """A global variable of Asterisk; the empty string when it is not set."""
        async with asyncio.timeout(_REQUEST_SECONDS):
            return str((await self._client.asterisk.getGlobalVar(variable=name)).get("value", ""))

    async def _is_live(self, name: str) -> bool:
        try:
            await self._client.recordings.getLive(recordingName=name)
        except HTTPNotFound:  # aioari raises aiohttp's server-side errors
            return False
        return True

    async def wait_until_gone(
        self, prefix: str, *, seconds: float = _REQUEST_SECONDS, recording_names: Iterable[str] = ()
    ) -> None:
        """Return when nothing with this prefix is left; fail with what is, when the time is up."""
        names = tuple(recording_names)
        seen = Sighting()
        try:
            async with asyncio.timeout(seconds):
                while not (seen := await self.look(prefix, recording_names=names)).is_empty:  # asks Asterisk anew
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"after {seconds:g} s Asterisk still has {seen}") from None


@contextlib.asynccontextmanager
async def watching(url: str, username: str, password: str) -> AsyncIterator[Witness]:
    """Connect a witness to ``http://host:port``."""
    async with asyncio.timeout(_REQUEST_SECONDS):
        client = await aioari.connect(url, username, password)
    try:
        yield Witness(client)
    finally:
        await client.close()
