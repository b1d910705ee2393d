"""Sound files of an account: made of uploads, converted once, played by address, deleted with their files."""

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import Final

import structlog

from app.accounts.principal import Principal
from app.clock import Clock
from app.daemon import Daemon
from app.files.store import FileStore, ObjectMissingError, StoreUnavailableError
from app.files.upload_files import prepare_folder
from app.files.uploads import ReceivedUpload, Uploads, used_already
from app.ids import Kind, kind_of, new_id
from app.resources.field_checks import check_name
from app.resources.resource import Office, Resource
from app.resources.shelf import raise_all
from app.routing.in_use import refuse_if_target
from app.speech.decoding import Decoder
from app.speech.model import SAMPLE_RATES, AudioFile, MediaUri
from app.speech.rows import AUDIO_FILES
from app.speech.templates import check_room
from app.speech.urls import MediaUrls

_log = structlog.get_logger(__name__)

MOST_AUDIO_FILES: Final = 1000
_BATCH: Final = 100


def audio_key(account_id: str, audio_file_id: str, sample_rate: int) -> str:
    """Where a sound file lies in the store."""
    return f"{account_id}/audio/{audio_file_id}-{sample_rate}.wav"


class AudioFiles(Resource[AudioFile]):
    """The account's sound files. ``folder`` takes what is being decoded."""

    shelf = AUDIO_FILES
    noun = "audio_file"

    def __init__(
        self,
        office: Office,
        uploads: Uploads,
        store: FileStore,
        decoder: Decoder,
        urls: MediaUrls,
        clock: Clock,
        folder: Path,
        *,
        sample_rate: int = SAMPLE_RATES[0],
    ) -> None:
        super().__init__(office)
        self._uploads = uploads
        self._store = store
        self._decoder = decoder
        self._urls = urls
        self._clock = clock
        self._folder = folder
        self._sample_rate = sample_rate

    async def create(self, by: Principal, *, upload_id: str, name: str) -> AudioFile:
        """Make a sound file of what was uploaded. A file that cannot be used stays uploaded until it expires.

        Raises:
            RefusedError: INVALID_INPUT, for the name, or it is no sound that can be played: the message says why;
                NOT_FOUND, INVALID_STATE for the upload.
            StoreUnavailableError, DecoderUnavailableError, OverloadedError: try again.
        """
        raise_all(check_name(name))
        upload = await self._uploads.find_received(by.account_id, upload_id)
        await asyncio.to_thread(prepare_folder, self._folder)
        audio_file_id = new_id(Kind.AUDIO_FILE)
        source = self._folder / secrets.token_hex(16)
        targets = {rate: source.with_name(f"{source.name}-{rate}") for rate in SAMPLE_RATES}
        try:
            await self._fetch(upload, source)
            decoded = await self._decoder.decode(source, targets)
            for rate, target in targets.items():
                await self._store.put_file(audio_key(by.account_id, audio_file_id, rate), target, target.stat().st_size)
            async with self._writing() as connection:
                await check_room(connection, "audio_file", by.account_id, MOST_AUDIO_FILES)
                await self._uploads.use(connection, by.account_id, upload.id)
                made = await self.shelf.insert(
                    connection,
                    {
                        "id": audio_file_id,
                        "account_id": by.account_id,
                        "name": name,
                        "format": decoded.format.value,
                        "channels": decoded.channels,
                        "sample_rate": decoded.sample_rate,
                        "duration_seconds": decoded.duration_seconds,
                    },
                )
        except BaseException:
            await self._forget(*(audio_key(by.account_id, audio_file_id, rate) for rate in SAMPLE_RATES))
            raise
        finally:
            for path in (source, *targets.values()):
                path.unlink(missing_ok=True)
        await self._forget(upload.object_key)
        self._note(by, "create", made.id)
        return made

    async def delete(self, by: Principal, audio_file_id: str) -> None:
        """Delete it. What is being played goes on; Asterisk may keep its own copy for some days.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE while a call flow plays it, or calls are sent to it.
        """
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, audio_file_id, noun="sound file")
            await self.shelf.delete(connection, by.account_id, audio_file_id)
        self._note(by, "delete", audio_file_id)
        with contextlib.suppress(StoreUnavailableError):  # the files go with a later sweep
            await self.remove_files()

    async def media_of(self, account_id: str, audio_file_id: str, *, sample_rate: int | None = None) -> MediaUri:
        """What to have Asterisk play.

        Raises:
            RefusedError: NOT_FOUND.
        """
        found = await self.get(account_id, audio_file_id) if kind_of(audio_file_id) is Kind.AUDIO_FILE else None
        if found is None:
            raise self.shelf.missing("audioFileId")
        return self._urls.media(found.id, sample_rate or self._sample_rate, self._clock.now())

    async def read(self, audio_file_id: str, sample_rate: int) -> bytes | None:
        """The file for the bearer of its signed address; None when it is not there (any more).

        Raises:
            StoreUnavailableError, DatabaseUnavailableError.
        """
        async with self._office.database.acquire() as connection:
            account_id = await connection.fetchval(
                "SELECT account_id FROM audio_file WHERE id = $1 AND deleted_at IS NULL", audio_file_id
            )
        if account_id is None:
            return None
        key = audio_key(account_id, audio_file_id, sample_rate)
        try:
            return b"".join([block async for block in self._store.read(key, 0, await self._store.size(key))])
        except ObjectMissingError:
            _log.error("audio_file_missing", audio_file_id=audio_file_id)
            return None

    async def remove_files(self) -> bool:
        """Delete some of the files of deleted sound files, and of uploads that nobody used.

        Gives whether there may be more.

        Raises:
            StoreUnavailableError: the rest is for the next time.
        """
        async with self._office.database.acquire() as connection:
            files = await connection.fetch(
                "SELECT id, account_id FROM audio_file WHERE deleted_at IS NOT NULL AND has_files "  # noqa: S608  # our own number
                f"ORDER BY id LIMIT {_BATCH}"
            )
            uploads = await connection.fetch(
                "SELECT id, object_key FROM upload WHERE expires_at < $1 "  # noqa: S608  # our own number
                f"ORDER BY expires_at LIMIT {_BATCH}",
                self._clock.now(),
            )
        for row in files:
            for rate in SAMPLE_RATES:
                await self._store.delete(audio_key(row["account_id"], row["id"], rate))
        for row in uploads:
            if row["object_key"] is not None:
                await self._store.delete(row["object_key"])
        async with self._office.database.acquire() as connection:
            await connection.execute(
                "UPDATE audio_file SET has_files = false WHERE id = ANY ($1::text[])", [row["id"] for row in files]
            )
            await connection.execute("DELETE FROM upload WHERE id = ANY ($1::text[])", [row["id"] for row in uploads])
        return max(len(files), len(uploads)) == _BATCH

    async def _fetch(self, upload: ReceivedUpload, target: Path) -> None:
        try:
            with await asyncio.to_thread(target.open, "xb") as file:
                async for block in self._store.read(upload.object_key, 0, upload.size_bytes):
                    await asyncio.to_thread(file.write, block)
        except ObjectMissingError as error:  # another request has used it this very moment
            raise used_already() from error

    async def _forget(self, *keys: str) -> None:
        """Delete objects that nothing refers to; should the store be away, they are only in the way."""
        for key in keys:
            with contextlib.suppress(StoreUnavailableError):
                await self._store.delete(key)


class AudioFileSweeper(Daemon):
    """Deletes the files that a deletion left, and uploads that nobody used."""

    name = "audio-file-sweeper"
    poll_seconds = 300.0

    def __init__(self, audio_files: AudioFiles, clock: Clock) -> None:
        super().__init__(clock)
        self._audio_files = audio_files

    async def run_round(self) -> bool:
        return await self._audio_files.remove_files()
