"""News of events over a real NATS: told and heard, and nothing is lost when it is away."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import pytest
from structlog.testing import capture_logs

from app.config import load_settings
from app.db.engine import Database
from app.errors import ConfigurationError
from app.events import bus as bus_module
from app.events import nats as nats_module
from app.events.bus import Bus
from app.events.nats import NatsLine
from app.process.nats import open_nats
from tests.calls.standing_in import running, until
from tests.ownership.test_bus import appended
from tests.rig.free_port import reserve_port
from tests.rig.nats import NatsServer, running_nats
from tests.webhooks.certificates import make_certificate

SUBJECT = "offhook.news"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with running_nats(tmp_path) as running_server:
        yield running_server


@dataclass(slots=True)
class Ear:
    """A line, what it has heard, and how often it said that it is there or gone."""

    line: NatsLine
    heard: list[str] = field(default_factory=list)
    changes: list[bool] = field(default_factory=list)

    @classmethod
    def at(cls, url: str, subject: str = SUBJECT) -> "Ear":
        ear = cls(NatsLine(url, subject))
        ear.line.on(ear.heard.append, changed=lambda: ear.changes.append(ear.line.is_up))
        return ear


def tasks_of_nats() -> list[asyncio.Task[Any]]:
    """Of all tasks, those that the client made."""
    home = f"{Path(nats.__file__).parent}/"
    coroutines: dict[asyncio.Task[Any], Any] = {task: task.get_coro() for task in asyncio.all_tasks()}
    return [task for task, coroutine in coroutines.items() if coroutine.cr_code.co_filename.startswith(home)]


@asynccontextmanager
async def up(*ears: Ear) -> AsyncIterator[None]:
    async with running(*(ear.line.run() for ear in ears)):
        await until(lambda: all(ear.line.is_up for ear in ears))
        yield
    await until(lambda: not tasks_of_nats())


async def test_given_three_lines_when_one_tells_then_the_others_of_its_subject_hear_it_and_it_does_not(
    server: NatsServer,
) -> None:
    teller, hearer, stranger = Ear.at(server.url), Ear.at(server.url), Ear.at(server.url, "elsewhere")
    async with up(teller, hearer, stranger):
        assert await teller.line.publish("a1b2 17+")
        assert await stranger.line.publish("not for you")
        assert await teller.line.publish("ä 18")
        await until(lambda: len(hearer.heard) == 2)
    assert hearer.heard == ["a1b2 17+", "ä 18"]
    assert teller.heard == stranger.heard == []


async def test_given_a_server_that_ends_when_it_is_there_again_then_the_line_is_too_and_said_so_each_time(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_module, "_LONGEST_PAUSE_SECONDS", 0.1)
    ear, other = Ear.at(server.url), Ear.at(server.url)
    async with up(ear, other):
        await server.stop()
        await until(lambda: not ear.line.is_up)
        assert not await ear.line.publish("nobody hears this")
        await server.start()
        await until(lambda: ear.line.is_up and other.line.is_up)
        assert await other.line.publish("again")
        await until(lambda: ear.heard == ["again"])
        assert ear.changes == [True, False, True]


@pytest.mark.parametrize(
    ("options", "who"),
    [(("--user", "offhook", "--pass", "p@ss/word"), "offhook:p%40ss%2Fword"), (("--auth", "a-token"), "a-token")],
)
async def test_given_a_server_that_asks_who_it_is_when_told_then_it_lets_in_and_else_says_no_without_the_secret(
    tmp_path: Path, options: tuple[str, ...], who: str
) -> None:
    async with running_nats(tmp_path, *options) as server:
        known, unknown = Ear.at(server.url_as(who)), Ear.at(server.url_as(f"x{who}"))
        with capture_logs() as lines:
            async with up(known), running(unknown.line.run()):
                await until(lambda: any(line["event"] == "nats_lost" for line in lines))
                assert not unknown.line.is_up
    (lost,) = [line for line in lines if line["event"] == "nats_lost" and line["log_level"] == "warning"]
    assert "Authorization Violation" in lost["reason"]
    assert not any(secret in str(lines) for secret in ("p@ss", "p%40", "a-token"))


@pytest.mark.parametrize("scheme", ["tls", "nats"])  # a server that demands it is obeyed
@pytest.mark.parametrize("is_trusted", [True, False])
async def test_given_a_server_with_tls_when_its_certificate_is_not_trusted_then_nothing_is_said_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, *, is_trusted: bool
) -> None:
    certificate = await asyncio.to_thread(make_certificate, tmp_path, "localhost")
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    files = ("--tlscert", str(certificate.with_suffix(".crt")), "--tlskey", str(certificate))
    async with running_nats(tmp_path, "--tls", *files) as server:
        url = server.url_as("offhook:secret").replace("nats://", f"{scheme}://").replace("127.0.0.1", "localhost")
        teller, hearer = Ear.at(url), Ear.at(url)
        with capture_logs() as lines:
            async with running(teller.line.run(), hearer.line.run()):
                if is_trusted:
                    await until(lambda: teller.line.is_up and hearer.line.is_up)
                    assert await teller.line.publish("news")
                    await until(lambda: hearer.heard == ["news"])
                else:
                    await until(lambda: any(line.get("error") == "SSLCertVerificationError" for line in lines))
                    assert not teller.line.is_up


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_INFO = b"INFO " + json.dumps({"server_id": "x", "max_payload": 1 << 20}).encode() + b"\r\n"


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_INFO)
    while line := await reader.readline():
        if line == b"PING\r\n":
            writer.write(b"PONG\r\n")
        if line.startswith(b"SUB"):
            return


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        if line == b"PING\r\n":
            writer.write(b"PONG\r\n")


@asynccontextmanager
async def standing_in(talk: Talk) -> AsyncIterator[str]:
    """A server that does as it is told, and hangs up when it has done."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass  # the line has gone
        finally:
            writer.close()

    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        server = await asyncio.start_server(serve, "127.0.0.1", port)
        try:
            yield f"nats://127.0.0.1:{port}"
        finally:
            server.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"INFO " + b"x" * 200_000,
        b"INFO []\r\n",
        _INFO,
        _INFO + b"+OK\r\n",
        _INFO + b"-ERR 'Maximum Connections Exceeded'\r\n",
    ],
)
async def test_given_what_is_no_good_nats_when_it_speaks_then_the_line_is_not_up_and_tries_again(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_module, "_LONGEST_PAUSE_SECONDS", 0.05)
    asked = 0

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(said)
        await writer.drain()

    async with standing_in(talk) as url:
        ear = Ear.at(url)
        with capture_logs() as lines:
            async with running(ear.line.run()):
                await until(lambda: asked >= 3)
    assert ear.changes == []
    assert ear.heard == []
    assert len([line for line in lines if line["log_level"] != "debug"]) == 1
    await until(lambda: not tasks_of_nats())


async def test_given_a_server_that_breaks_off_when_it_has_let_in_then_the_line_is_gone_and_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nats_module, "_LONGEST_PAUSE_SECONDS", 0.05)
    said = iter([b"what is this\r\n", b"-ERR 'Slow Consumer'\r\n", b"-ERR 'Permissions Violation for \"a\"'\r\n"])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer)
        async with running(answer(reader, writer)):
            await until(lambda: ear.line.is_up)
            writer.write(next(said, b"MSG offhook.news 1 4\r\nnews\r\n"))
            await until(lambda: not ear.line.is_up)

    async with standing_in(talk) as url:
        ear = Ear.at(url)
        async with running(ear.line.run()):
            await until(lambda: ear.heard == ["news"])
            assert ear.changes == [True, False, True, False, True, False, True]
    assert not ear.line.is_up


async def test_given_a_subject_that_may_not_be_heard_when_it_lets_in_then_the_line_is_not_up(tmp_path: Path) -> None:
    rules = tmp_path / "nats.conf"
    rules.write_text(
        'authorization { users = [{user: "offhook", password: "right", permissions: {subscribe: "elsewhere"}}] }',
        encoding="utf-8",
    )
    async with running_nats(tmp_path, "--config", str(rules)) as server:
        ear = Ear.at(server.url_as("offhook:right"))
        with capture_logs() as lines:
            async with running(ear.line.run()):
                await until(lambda: any(line["event"] == "nats_lost" for line in lines))
    assert ear.changes == []
    assert "permissions violation" in lines[0]["reason"]


async def test_given_tls_is_demanded_and_the_server_has_none_when_it_asks_then_it_is_told_no_secret() -> None:
    said: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_INFO)
        while line := await reader.readline():
            said.append(line)
            writer.write(b"PONG\r\n" if line == b"PING\r\n" else b"")

    async with standing_in(talk) as url:
        for who in ("offhook:secret@", "secret@", ""):
            ear = Ear.at(url.replace("nats://", f"tls://{who}"))
            with capture_logs() as lines:
                async with running(ear.line.run()):
                    await until(lambda: any(line["event"] == "nats_lost" for line in lines))
            assert ear.changes == []
            assert lines[0]["error"] == "SecureConnWantedError"
    assert not any(b"secret" in line for line in said)


async def test_given_a_server_that_falls_silent_when_it_does_not_answer_either_then_the_line_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nats_module, "_SILENCE_SECONDS", 0.2)
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer)
        while line := await reader.readline():
            if ear.line.is_up:
                asked.append(line)
            elif line == b"PING\r\n":
                writer.write(b"PONG\r\n")

    async with standing_in(talk) as url:
        ear = Ear.at(url)
        async with running(ear.line.run()):
            await until(lambda: ear.changes[:2] == [True, False] and bool(asked))
    assert set(asked) == {b"PING\r\n"}


async def test_given_news_that_are_too_long_when_told_or_heard_then_they_are_dropped(server: NatsServer) -> None:
    teller, hearer = Ear.at(server.url), Ear.at(server.url)
    async with up(teller, hearer):
        assert not await teller.line.publish("x" * 2000)
        stranger = await nats.connect(server.url)
        await stranger.publish(SUBJECT, b"x" * 5000)
        await stranger.publish(SUBJECT, b"\xff news")
        await until(lambda: hearer.heard == ["\N{REPLACEMENT CHARACTER} news"])
        await stranger.close()


async def test_given_a_server_that_does_not_read_when_much_is_told_then_it_is_refused_without_waiting() -> None:
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer)
        async with running(answer(reader, writer)):
            await until(lambda: ear.line.is_up)
        await over.wait()

    async with standing_in(talk) as url:
        ear = Ear.at(url)
        async with up(ear):
            told = 0
            while await ear.line.publish("x" * 1000):
                told += 1
                assert told < 100_000
                await asyncio.sleep(0)
            over.set()
    assert told > 60


@pytest.mark.postgres
class TestBuses:
    """Two processes, each with its bus."""

    @pytest.fixture
    async def second_database(self, database_dsn: str) -> AsyncIterator[Database]:
        connected = await Database.connect(database_dsn, pool_size=3)
        yield connected
        await connected.aclose()

    async def test_given_both_have_nats_when_events_are_appended_then_they_hear_it_there_and_else_over_postgresql(
        self, server: NatsServer, database: Database, second_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bus_module, "_BEAT_SECONDS", 0.1)
        writer, reader = (Bus(one, nats=NatsLine(server.url, SUBJECT)) for one in (database, second_database))
        notified: list[str] = []
        publish = writer.publish

        async def count(channel: str, payload: str) -> None:
            notified.append(channel)
            await publish(channel, payload)

        monkeypatch.setattr(writer, "publish", count)
        told: list[bool] = []
        reader.on_events(told.append)
        async with running(writer.run(), reader.run()):
            await until(lambda: writer.has_others and not writer._without_nats and is_up(writer) and is_up(reader))
            told.clear()
            writer.announce(appended(7), has_deliveries=False)
            await until(lambda: told == [False])
            assert notified == []
            await server.stop()
            await until(lambda: not is_up(writer) and not is_up(reader))
            assert told[1:] == [True]  # what was said in this moment may be lost
            writer.announce(appended(8), has_deliveries=False)
            await until(lambda: told[2:] == [False])
            assert notified == [bus_module.EVENTS]

    async def test_given_one_without_nats_when_events_are_appended_then_it_is_told_in_postgresql(
        self, server: NatsServer, database: Database, second_database: Database
    ) -> None:
        writer, reader = Bus(database, nats=NatsLine(server.url, SUBJECT)), Bus(second_database)
        told: list[bool] = []
        reader.on_events(told.append)
        async with running(writer.run(), reader.run()):
            await until(lambda: writer.has_others and is_up(writer))
            told.clear()
            writer.announce(appended(7), has_deliveries=True)
            await until(lambda: told == [True])


def is_up(bus: Bus) -> bool:
    assert bus._nats is not None
    return bus._nats.is_up


@pytest.mark.parametrize("url", ["http://nats:4222", "nats://", "nats.internal:4222", "nats://nats:port", "nats://n:0"])
def test_given_what_is_no_address_of_nats_when_set_then_it_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="OFFHOOK_NATS_URL"):
        load_settings(nats_url=url)


def test_given_an_empty_address_when_set_then_it_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_NATS_URL", "")
    monkeypatch.setenv("OFFHOOK_TRACES_URL", "")
    settings = load_settings()
    assert settings.nats_url is None
    assert settings.traces_url is None


def test_given_no_setting_when_the_service_is_imported_then_nothing_of_nats_is() -> None:
    program = (
        "import sys, app.process.serve, app.cli.program, app.doctor.examination\n"
        "print(*[name for name in sys.modules if name.partition('.')[0] == 'nats'])\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
    assert open_nats(load_settings()) is None


def test_given_the_setting_without_the_extra_when_started_then_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "app.events.nats", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'offhook\[nats\]'"):
        open_nats(load_settings(nats_url="nats://127.0.0.1:4222"))
