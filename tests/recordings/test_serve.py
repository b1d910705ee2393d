import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import RecordingMode, RecordingState
from app.files.store import FileStore, StoreUnavailableError
from app.files.urls import SignedUrls
from app.ids import Kind, new_id
from app.recordings.model import Recording
from app.recordings.object_keys import object_key
from app.recordings.serve import RecordingFiles

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DATA = bytes(number % 253 for number in range(3 * 1024 * 1024 + 11))
SIZE = len(DATA)
ETAG = f'"{hashlib.sha256(DATA).hexdigest()}"'
MINUTE = timedelta(minutes=1)


@dataclass
class StoppedClock:
    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


class KnownRecordings:
    """The rows, without a database."""

    def __init__(self) -> None:
        self.rows: dict[str, Recording] = {}
        self.is_away = False
        self.asked = 0

    async def get_signed(self, recording_id: str) -> Recording | None:
        self.asked += 1
        if self.is_away:
            raise DatabaseUnavailableError("The database is not available.")
        return self.rows.get(recording_id)


@dataclass
class World:
    """The endpoint with one saved recording, and a listener."""

    listener: httpx.AsyncClient
    known: KnownRecordings
    store: FileStore
    urls: SignedUrls
    clock: StoppedClock
    recording: Recording

    @property
    def address(self) -> str:
        return self.urls.sign(self.recording.id, NOW, MINUTE)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    account, recording_id = new_id(Kind.ACCOUNT), new_id(Kind.RECORDING)
    recording = Recording(
        id=recording_id,
        account_id=account,
        call_id=new_id(Kind.CALL),
        mode=RecordingMode.BOTH,
        state=RecordingState.SAVED,
        created_at=NOW,
        customer_number="+15550100012",
        object_key=object_key(account, recording_id),
        duration_seconds=98.3,
        size_bytes=SIZE,
        channels=2,
        sample_rate=8000,
        sha256=ETAG.strip('"'),
    )
    known, store, urls, clock = (
        KnownRecordings(),
        FileStore.open(None, tmp_path),
        SignedUrls(b"s" * 32),
        StoppedClock(),
    )
    known.rows[recording_id] = recording
    (tmp_path / "file").write_bytes(DATA)
    await store.put_file(object_key(account, recording_id), tmp_path / "file", SIZE)
    app = Starlette(routes=RecordingFiles(known, store, urls, clock).routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook.test") as listener:
        yield World(listener, known, store, urls, clock, recording)


def error_code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    code: str = answer.json()["error"]["code"]
    return code


async def test_given_a_deleted_recording_when_got_then_it_is_said_to_be_gone(world: World) -> None:
    address = world.address
    deleted = replace(world.recording, state=RecordingState.DELETED, object_key=None, deleted_at=NOW)
    world.known.rows[world.recording.id] = deleted
    answer = await world.listener.get(address)
    assert (answer.status_code, error_code(answer)) == (410, "RECORDING_DELETED")


async def test_given_a_signed_address_when_got_then_the_whole_file_comes_with_its_headers(world: World) -> None:
    answer = await world.listener.get(world.address)

    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["etag"] == ETAG
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (
        answer.headers["content-disposition"] == f'attachment; filename="2026-05-01T12-00-00Z-{world.recording.id}.wav"'
    )


async def test_given_head_when_asked_then_the_headers_are_those_of_get_without_a_body(world: World) -> None:
    got = await world.listener.get(world.address)
    head = await world.listener.head(world.address, headers={"Range": "bytes=0-9"})

    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-43", 0, 44),
        ("bytes=1048570-1048590", 1048570, 1048591),
        (f"bytes={SIZE - 5}-", SIZE - 5, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        ("bytes=100-99999999999999999999999", 100, SIZE),
        ("bytes=-99999999999999999999999", 0, SIZE),
    ],
)
async def test_given_a_range_when_got_then_this_part_comes(world: World, asked: str, start: int, end: int) -> None:
    answer = await world.listener.get(world.address, headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.content == DATA[start:end]


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=x", "items=0-5", "bytes=0-1,3-4", "bytes=\x7f", "=" * 5000],
)
async def test_given_a_range_that_means_nothing_when_got_then_the_whole_file_comes(world: World, asked: str) -> None:
    answer = await world.listener.get(world.address, headers={"Range": asked})

    assert answer.status_code == 200
    assert len(answer.content) == SIZE


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=" + "9" * 4000 + "-"])
async def test_given_a_range_outside_the_file_when_got_then_it_is_refused_with_the_size(
    world: World, asked: str
) -> None:
    answer = await world.listener.get(world.address, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert error_code(answer) == "RANGE_NOT_SATISFIABLE"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f'"x", W/{ETAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": ETAG, "Range": "bytes=0-1"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Range": ETAG, "Range": "bytes=0-1"}, 206),
        ({"If-Range": '"other"', "Range": "bytes=0-1"}, 200),
        ({"If-Range": f"W/{ETAG}", "Range": "bytes=0-1"}, 200),
        ({"If-Range": "Fri, 01 May 2026 12:00:00 GMT", "Range": "bytes=0-1"}, 200),
        ({"If-Range": '"other"', "Range": f"bytes={SIZE}-"}, 200),
        ({"If-Range": ETAG}, 200),
    ],
)
async def test_given_a_condition_when_got_then_the_status_is_this(
    world: World, headers: dict[str, str], status: int
) -> None:
    answer = await world.listener.get(world.address, headers=headers)

    assert answer.status_code == status
    assert answer.headers["etag"] == ETAG
    if status == 304:
        assert answer.content == b""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("", "URL_SIGNATURE_INVALID"),
        ("?expires=99999999999", "URL_SIGNATURE_INVALID"),
        ("?expires=99999999999&signature=AAAA", "URL_SIGNATURE_INVALID"),
        ("?expires=x&expires=y&signature=%ff%00", "URL_SIGNATURE_INVALID"),
    ],
)
async def test_given_a_wrong_address_when_got_then_it_is_refused_before_anything_is_looked_up(
    world: World, change: str, code: str
) -> None:
    for recording_id in (world.recording.id, new_id(Kind.RECORDING), "nonsense", "%00", "a%2Fb"):
        answer = await world.listener.get(f"/recordings/{recording_id}{change}")
        if answer.status_code == 404:
            assert recording_id == "a%2Fb"  # no such route
            continue
        assert (answer.status_code, error_code(answer)) == (403, code)
    assert world.known.asked == 0


async def test_given_an_expired_address_when_got_then_the_answer_says_so(world: World) -> None:
    world.clock.instant = NOW + 2 * MINUTE

    answer = await world.listener.get(world.address)

    assert (answer.status_code, error_code(answer)) == (403, "URL_EXPIRED")


async def test_given_a_signature_for_another_recording_when_got_then_it_is_refused(world: World) -> None:
    other = world.urls.sign(new_id(Kind.RECORDING), NOW, MINUTE)

    answer = await world.listener.get(f"/recordings/{world.recording.id}?{other.partition('?')[2]}")

    assert (answer.status_code, error_code(answer)) == (403, "URL_SIGNATURE_INVALID")


@pytest.mark.parametrize("state", [RecordingState.PENDING, RecordingState.COLLECTING, RecordingState.FAILED])
async def test_given_a_recording_that_is_not_saved_when_got_then_there_is_none(
    world: World, state: RecordingState
) -> None:
    world.known.rows[world.recording.id] = replace(world.recording, state=state, object_key=None)

    answer = await world.listener.get(world.address)

    assert (answer.status_code, error_code(answer)) == (404, "NOT_FOUND")


async def test_given_a_deleted_row_or_a_deleted_file_when_got_then_there_is_none(world: World) -> None:
    assert world.recording.object_key is not None
    await world.store.delete(world.recording.object_key)
    without_file = await world.listener.get(world.address)
    world.known.rows.clear()
    without_row = await world.listener.get(world.address)

    assert (without_file.status_code, error_code(without_file)) == (404, "NOT_FOUND")
    assert (without_row.status_code, error_code(without_row)) == (404, "NOT_FOUND")


async def test_given_a_file_of_another_size_when_got_then_it_is_not_passed_off_as_the_recording(world: World) -> None:
    world.known.rows[world.recording.id] = replace(world.recording, size_bytes=SIZE + 1)

    answer = await world.listener.get(world.address)

    assert (answer.status_code, error_code(answer)) == (500, "RECORDING_DAMAGED")


async def test_given_no_database_when_got_then_the_answer_asks_to_come_back(world: World) -> None:
    world.known.is_away = True

    answer = await world.listener.get(world.address)

    assert (answer.status_code, error_code(answer)) == (503, "DATABASE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "2"


async def test_given_a_store_that_fails_when_got_then_the_answer_is_typed_or_cut_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_after(blocks: int) -> AsyncIterator[bytes]:
        for _ in range(blocks):
            yield b"x" * 1000
        raise StoreUnavailableError("The store for recordings failed (GenericError).")

    monkeypatch.setattr(world.store, "read", lambda *_: break_after(0))
    answer = await world.listener.get(world.address)
    assert (answer.status_code, error_code(answer)) == (503, "STORE_UNAVAILABLE")

    # Once the status is out, the server must cut the connection: the error goes through to it.
    monkeypatch.setattr(world.store, "read", lambda *_: break_after(2))
    with pytest.raises(StoreUnavailableError):
        await world.listener.get(world.address)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_given_another_method_when_used_then_it_is_not_allowed(world: World, method: str) -> None:
    answer = await world.listener.request(method, world.address)

    assert answer.status_code == 405
    assert (await world.listener.get(world.address)).status_code == 200
