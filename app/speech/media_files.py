"""``GET /media/{expires}/{signature}/{file}``: sounds for Asterisk, behind signed addresses.

The form of the address is Asterisk's wish (see ``urls``). Errors are bare: nobody but Asterisk reads them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import Clock
from app.errors import NotFoundError, OffhookError
from app.files.upload_files import refuse
from app.files.urls import UrlExpiredError, UrlInvalidError
from app.ids import Kind, kind_of
from app.speech.audio_files import AudioFiles
from app.speech.cache import ContentKey, SpeechCache, is_content_key
from app.speech.urls import MEDIA_PREFIX, MediaUrls

#: Asterisk takes `audio/wav` for 8 kHz, whatever the address ends in; of this it knows nothing and looks at the end.
_TYPES: Final = {8_000: "audio/wav", 16_000: "application/octet-stream"}
#: The sound behind an address never changes.
_CACHING: Final = "private, max-age=1209600, immutable"


class MediaFiles:
    """Answers for the sounds; ``routes`` go into the application of every process that renders any."""

    def __init__(self, caches: Sequence[SpeechCache], audio_files: AudioFiles, urls: MediaUrls, clock: Clock) -> None:
        self._caches = tuple(caches)
        self._audio_files = audio_files
        self._urls = urls
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes, one for GET and HEAD."""
        path = f"{MEDIA_PREFIX}{{expires}}/{{signature}}/{{file_name}}"
        return [Route(path, self.answer, methods=["GET"], name="media")]

    async def answer(self, request: Request) -> Response:
        given = request.path_params
        try:
            name, rate = self._urls.verify(given["file_name"], given["expires"], given["signature"], self._clock.now())
            content = await self._read(name, rate)
        except (UrlInvalidError, UrlExpiredError) as error:
            request.state.refused = error.code
            return Response(status_code=403, headers={"Cache-Control": "no-store"})
        except OffhookError as error:
            request.state.refused = error.code
            return refuse(error)
        if content is None:
            request.state.refused = NotFoundError.code
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        return Response(
            content, headers={"Content-Type": _TYPES[rate], "Cache-Control": _CACHING, "ETag": f'"{name}-{rate}"'}
        )

    async def _read(self, name: str, rate: int) -> bytes | None:
        if is_content_key(name):
            return await asyncio.to_thread(self._read_spoken, ContentKey(name), rate)
        if kind_of(name) is Kind.AUDIO_FILE:
            return await self._audio_files.read(name, rate)
        return None

    def _read_spoken(self, key: ContentKey, rate: int) -> bytes | None:
        return next((wav for cache in self._caches if (wav := cache.read(key, rate)) is not None), None)
