"""Short rounds of the figures over call detail records, on a small table: the sides agree, or it is an error."""

import asyncio
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import orjson
import pytest

from app.accounts.access import Access
from app.accounts.audit import AuditLog
from app.accounts.scopes import Scope
from app.asgi import create_app
from app.cdrs.queries import CdrQueries
from app.clock import SystemClock
from app.config import Settings
from app.db.engine import Database
from app.services import Services
from bench.cdr_sides import (
    PageSide,
    _Client,
    choose_moments,
    compare_rows,
    connect,
    offhook_side,
    postgraphile_side,
    postgresql_side,
)
from bench.cdr_statistics import QUESTIONS, _measure
from bench.data import cdr_database as data
from bench.data.cdr_database import CdrDatabase, cdr_database
from bench.data.cdr_rows import BEGINS_AT
from bench.harness import BenchError, Context, running_context
from tests.api.conftest import serving
from tests.api.silent_asterisk import AlwaysReady

pytestmark = pytest.mark.postgres

_ROWS = 8_000


@pytest.fixture(scope="module")
async def context() -> AsyncIterator[Context]:
    # Not pytest's own folder: the embedded PostgreSQL may run as another user, who must get through.
    folder = Path(tempfile.mkdtemp(prefix="offhook-test-bench-"))
    folder.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        async with running_context(is_quick=True) as running:
            yield running
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def records(context: Context) -> CdrDatabase:
    return await cdr_database(context, _ROWS)


@pytest.fixture
async def sides(records: CdrDatabase, tmp_path: Path) -> AsyncIterator[dict[str, PageSide]]:
    """PostgreSQL itself, and Offhook's own surface behind a real web server."""
    database, connection = await Database.connect(records.dsn, pool_size=3), await connect(records.dsn)
    access = Access.open(database, bytes(32), AuditLog(database), SystemClock())
    issued = await access.keys.create(records.account_id, name="bench", scopes=frozenset(Scope))
    parts: dict[str, Any] = dict.fromkeys((field.name for field in fields(Services)), None)
    # Nothing else is reached by these pages.
    parts |= {"clock": SystemClock(), "access": access, "cdr_queries": CdrQueries(database), "cursor_secret": bytes(32)}
    recordings: Any = SimpleNamespace(routes=[])
    parts["job_reports"] = recordings
    parts["speech"] = SimpleNamespace(media_files=recordings, upload_files=recordings)
    services = Services(**parts)
    health: Any = AlwaysReady()
    app = create_app(services, Settings(data_dir=tmp_path), health=health, recordings=recordings)
    async with serving(app) as port:
        offhook = offhook_side(f"http://127.0.0.1:{port}", issued.token)
        stranger = offhook_side(f"http://127.0.0.1:{port}", "ofk_live_wrong")
        found = {"asyncpg": postgresql_side(connection, records), "offhook": offhook, "stranger": stranger}
        yield {name: _in_a_thread(side) if name != "asyncpg" else side for name, side in found.items()}
        for side in found.values():
            side.close()
    await connection.close()
    await database.aclose()


def _in_a_thread(side: PageSide) -> PageSide:
    """The benchmark's client blocks, and here the server lives in the same process."""

    async def ask(moment: Any) -> Any:
        return await asyncio.to_thread(lambda: asyncio.run(_ask(side, moment)))

    return PageSide(ask, side.read)


async def _ask(side: PageSide, moment: Any) -> Any:
    return await side.ask(moment)


async def test_given_a_table_when_pages_are_fetched_from_both_sides_then_every_field_of_every_row_is_equal(
    sides: dict[str, PageSide],
) -> None:
    both = {name: sides[name] for name in ("asyncpg", "offhook")}
    moments = choose_moments(4, seed=1)
    assert await compare_rows(both, moments) == 4 * 50
    assert all([await side.time_pages(moments[:2]) > 0 for side in both.values()])


async def test_given_a_side_that_answers_otherwise_when_compared_then_it_is_an_error(
    sides: dict[str, PageSide],
) -> None:
    honest = sides["asyncpg"]
    for name, value in (("talk_seconds", 0.25), ("tags", ["other"]), ("agent_party", {}), ("id", "cdr_other")):
        wrong = PageSide(
            honest.ask, lambda rows, name=name, value=value: [{**one, name: value} for one in honest.read(rows)]  # type: ignore[misc]
        )  # fmt: skip
        with pytest.raises(BenchError, match="give different rows"):
            await compare_rows({"asyncpg": honest, "wrong": wrong}, choose_moments(1, seed=1))
    short = PageSide(honest.ask, lambda rows: honest.read(rows)[:-1])
    with pytest.raises(BenchError, match="50 and 49 rows"):
        await compare_rows({"asyncpg": honest, "short": short}, choose_moments(1, seed=1))
    with pytest.raises(BenchError, match="not full"):
        await compare_rows({"asyncpg": honest}, [BEGINS_AT + timedelta(hours=1)])


async def test_given_offhook_that_refuses_when_asked_for_pages_then_it_is_an_error(sides: dict[str, PageSide]) -> None:
    with pytest.raises(BenchError, match="401"):
        await sides["stranger"].time_pages(choose_moments(1, seed=1))


@contextmanager
def _answering(answer: bytes) -> Iterator[str]:
    """A server that says the same to whatever it is asked, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    "answer",
    [
        _http("500 Internal Server Error", b"{}"),
        _http("404 Not Found", b"no such table"),
        _http("200 OK", b"{}")[:-1],
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"",
    ],
    ids=["500", "404", "cut", "no length", "hung up"],
)
def test_given_a_peer_that_does_not_answer_properly_when_asked_then_it_is_an_error(answer: bytes) -> None:
    with _answering(answer) as url, pytest.raises(BenchError):
        _Client(url, {}).post({"query": "{ __typename }"})


async def test_given_postgraphile_with_errors_when_it_is_made_a_side_then_it_is_an_error(records: CdrDatabase) -> None:
    answer = _http("200 OK", b'{"errors": [{"message": "no such field"}], "data": null}')
    with _answering(answer) as url, pytest.raises(BenchError, match="no such field"):
        await postgraphile_side(url, records)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
async def test_given_records_when_statistics_are_measured_then_each_group_is_compared_with_the_databases(
    context: Context, records: CdrDatabase, question: Any
) -> None:
    series, groups = await _measure(context, records, question)
    assert groups > 0
    assert set(series) == {"offhook", "SELECT … GROUP BY"}


async def test_given_statistics_that_are_wrong_when_measured_then_it_is_an_error(
    context: Context, records: CdrDatabase
) -> None:
    wrong = replace(QUESTIONS[1], sql=QUESTIONS[1].sql.replace("count(*)", "count(*) + 1"))
    with pytest.raises(BenchError, match="differ"):
        await _measure(context, records, wrong)


async def test_given_kept_records_when_there_are_new_migrations_then_they_are_run_and_rewritten_ones_are_noticed(
    context: Context, records: CdrDatabase
) -> None:
    connection = await asyncpg.connect(records.dsn)
    try:
        name = await connection.fetchval("SELECT current_database()")

        async def remember(migrations: dict[str, str]) -> None:
            await connection.execute(f"COMMENT ON DATABASE {name} IS '{orjson.dumps(migrations).decode()}'")

        today = data._read_migrations()
        assert await data._upgrade(context, records.dsn)
        newest = max(today)
        await remember({stem: digest for stem, digest in today.items() if stem != newest})
        assert await data._upgrade(context, records.dsn)
        assert orjson.loads(await connection.fetchval(data._READ_COMMENT)) == today
        for other in ({**today, newest: "rewritten"}, {**today, "9999_from_elsewhere": "x"}, {}):
            await remember(other)
            assert not await data._upgrade(context, records.dsn)
        await remember(today)
    finally:
        await connection.close()
