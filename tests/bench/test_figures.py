"""Every figure stands beside something, and says so when a side is broken: with an error, and never with a blank."""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from bench import __main__ as program
from bench.ari_dispatch import _run_client
from bench.catalogue import MODULES, load_figure
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn, percentile
from tests.rig.logs import logging_restored


class BrokenContext(Context):
    """A machine on which nothing is there: no database, no Asterisk, no peer, and no room for data."""

    def __init__(self, folder: Path) -> None:
        self.is_quick = True
        self.cache_dir = self.work_dir = folder

    def say(self, message: str) -> None:
        pass

    async def shared(self, _name: str, make: Any) -> Any:
        return await make()

    async def enter_shared(self, name: str, _make: Any) -> Any:
        raise BenchError(f"{name} is not here")

    async def asterisk_install(self) -> Any:
        raise BenchError("Asterisk is not here")

    async def database(self) -> Any:
        raise BenchError("PostgreSQL is not here")

    def make_folder(self, name: str) -> Path:
        raise BenchError(f"there is no room for {name}")


@pytest.mark.parametrize("name", MODULES)
async def test_given_a_machine_without_its_sides_when_a_figure_is_measured_then_it_is_an_error(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises((BenchError, BaseExceptionGroup)) as raised:
        await load_figure(name).run(BrokenContext(tmp_path))
    assert isinstance(raised.value, BenchError) or raised.group_contains(BenchError)


@pytest.mark.parametrize("name", MODULES)
def test_given_a_figure_when_read_then_it_has_a_peer_and_goals_in_order(name: str) -> None:
    figure = load_figure(name)
    assert figure.beside
    assert figure.description
    assert figure.target.is_times_peer == figure.aim.is_times_peer
    if figure.better is Better.HIGHER:
        assert figure.aim.bound >= figure.target.bound
    else:
        assert figure.aim.bound <= figure.target.bound


def _figure(name: str, run: Any) -> Figure:
    return Figure(
        name=name, description="d", beside="b", better=Better.LOWER, target=Goal(2), aim=Goal(1), run=run
    )  # fmt: skip


def _result(value: float = 1.0, sides: Mapping[str, Series] | None = None, peer: float | None = None) -> Result:
    both = {"offhook": Series.of("ms", [1]), "peer": Series.of("ms", [1])}
    return Result(value=value, unit="×", sides=both if sides is None else sides, peer=peer)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where a run of the program writes to, instead of over the repository's own results."""
    monkeypatch.setattr(program, "RESULTS", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with logging_restored():
        yield tmp_path
    logging.captureWarnings(capture=False)


def _run(monkeypatch: pytest.MonkeyPatch, figures: Mapping[str, Any]) -> int:
    monkeypatch.setattr(program, "MODULES", dict.fromkeys(figures, "m"))
    monkeypatch.setattr(program, "load_figure", lambda name: _figure(name, figures[name]))
    monkeypatch.setattr(sys, "argv", ["bench", "--quick"])
    return program.main()


async def _good(_context: Context) -> Result:
    return _result()


async def _broken(_context: Context) -> Result:
    async with asyncio.TaskGroup():
        raise BenchError("the peer hung up")


def test_given_a_broken_peer_when_run_then_the_status_is_1_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, results: Path
) -> None:
    assert _run(monkeypatch, {"broken": _broken, "good": _good}) == 1
    written = orjson.loads((results / "partial.json").read_bytes())
    assert written["good"] == 1.0
    assert "broken" not in written
    assert written["failures"] == {"broken": "BenchError: the peer hung up"}


def test_given_sides_that_all_work_when_run_then_the_status_is_0(
    monkeypatch: pytest.MonkeyPatch, results: Path
) -> None:
    assert _run(monkeypatch, {"good": _good}) == 0
    assert orjson.loads((results / "partial.json").read_bytes())["failures"] == {}


@pytest.mark.parametrize("arguments", [["--only", "no_such_figure"]])
def test_given_a_figure_that_there_is_not_when_asked_for_then_the_status_is_1(
    monkeypatch: pytest.MonkeyPatch, results: Path, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    assert program.main() == 1
    assert not list(results.glob("*.json"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Series.of("ms", []),
        lambda: _result(float("nan")),
        lambda: _result(sides={"offhook": Series.of("ms", [1])}),
        lambda: _result(sides={}),
        lambda: _result(sides={"offhook": Series.of("ms", [1]), "peer": Series.of("ms", [float("inf")])}),
    ],
    ids=["no rounds", "not a number", "no peer", "no sides", "endless"],
)
def test_given_a_blank_when_made_a_result_then_it_is_an_error(make: Any) -> None:
    with pytest.raises(ValueError, match=r"blank|finite|beside"):
        make()


def test_given_no_measurements_when_a_percentile_is_asked_for_then_it_is_an_error() -> None:
    with pytest.raises(BenchError):
        percentile([], 50)
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


async def test_given_two_sides_when_run_in_turn_then_they_alternate_and_the_warm_up_is_dropped(tmp_path: Path) -> None:
    order: list[str] = []

    async def side(name: str) -> int:
        order.append(name)
        return len(order)

    context = BrokenContext(tmp_path)
    measured = await in_turn(context, {name: lambda name=name: side(name) for name in "AB"}, rounds=2)  # type: ignore[misc]
    assert order == ["A", "B"] * 3
    assert measured == {"A": [3, 5], "B": [4, 6]}


@asynccontextmanager
async def _client(code: str, tmp_path: Path) -> AsyncIterator[Any]:
    front: Any = SimpleNamespace(
        url="ws://nowhere", asterisk=SimpleNamespace(ari_username="u", ari_password="p"), began_at=1.0
    )
    yield await _run_client("peer", [sys.executable, "-c", code], front, Counter({"Dial": 2}), tmp_path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no module named aioari')", "no result: no module named aioari"),
        ("print('{\"counts\": {\"Dial\": 1}, \"finishedAt\": 2}')", "did not see every event"),
        ("print('{\"counts\": {\"Dial\": 2, \"Other\": 1}, \"finishedAt\": 2}')", "did not see every event"),
    ],
    ids=["does not start", "missed one", "saw too many"],
)  # fmt: skip
async def test_given_an_ari_client_that_is_broken_when_run_then_it_is_an_error(
    code: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(BenchError, match=words):
        async with _client(code, tmp_path):
            pass


async def test_given_an_ari_client_that_saw_every_event_when_run_then_its_rate_counts(tmp_path: Path) -> None:
    code = 'print(\'{"counts": {"Dial": 2}, "finishedAt": 3.0}\')'
    async with _client(code, tmp_path) as rate:
        assert rate == 1.0
