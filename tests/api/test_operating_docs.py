"""The operator's page names every metric, and no word that is not there."""

import inspect
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import metrics
from app.api.metrics import Metrics
from app.cli.program import program
from app.config import load_settings
from app.daemon import Daemon
from app.process import bootstrap
from app.process.running import ServiceHealth

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "operating.md").read_text(encoding="utf-8")


def _exposed() -> set[str]:
    """Names as Prometheus sees them; `describe` tells also of what nobody is asked about just now."""
    names = set()
    for registry in (metrics.REGISTRY, Metrics().registry):
        # Prometheus' own list of who told what: it has no public one that asks for nothing.
        for collector in registry._collector_to_names:
            for family in collector.describe() if hasattr(collector, "describe") else ():
                names.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return names


def test_given_the_operators_page_when_metrics_are_added_or_renamed_then_it_names_each_and_no_other() -> None:
    assert set(re.findall(r"`(offhook_[a-z_]+)`", PAGE)) == {one for one in _exposed() if one.startswith("offhook_")}


#: Loops that `/readyz` does not tell: what they leave undone costs some room on a disk.
_UNTOLD = {"fetched-sounds-sweeper", "passing-sound-sweeper"}


def _loops(base: type[Daemon] = Daemon) -> set[str]:
    """The names of the service's own loops: whoever puts it together imports them all."""
    names = set()
    for loop in base.__subclasses__():
        names |= _loops(loop)
        if loop.__module__.startswith("app.") and not inspect.isabstract(loop):
            names.add(loop.name)
    return names


def test_given_loops_when_the_service_has_a_new_one_then_the_operators_page_must_name_it(source: str) -> None:
    stages = set(re.findall(r'Vitals\("([a-z-]+)"', source))
    named = {name for cell in re.findall(r"^\| (`.+?) \|", PAGE.split("## Metrics")[0], re.MULTILINE)
             for name in re.findall(r"`([a-z-]+)`", cell)}  # fmt: skip
    assert {"usage-keeper", "job-worker", "campaigns"} <= _loops() | stages
    assert (_loops() | stages) - _UNTOLD <= named
    assert not named & _UNTOLD


@pytest.mark.postgres
async def test_given_a_service_when_its_parts_are_asked_for_then_the_operators_page_names_each(
    tmp_path: Path, database_dsn: str
) -> None:
    settings = load_settings(data_dir=tmp_path, database_url=SecretStr(database_dsn))
    async with bootstrap.running_service(settings, roles={"api", "worker"}) as service:
        parts = {part.name for part in await ServiceHealth(service).check()}
    assert len(parts) > 10
    assert parts <= set(re.findall(r"`([a-z-]+)`", PAGE.split("## Metrics")[0]))


def _words() -> list[str]:
    log = PAGE.split("## The log")[1].split("## When something is wrong")[0]
    return [word for row in re.findall(r"^\| (`.+?) \|", log, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)]


@pytest.fixture(scope="module")
def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py")))


@pytest.mark.parametrize("word", _words())
def test_given_a_word_of_the_log_on_the_operators_page_when_searched_then_something_says_it(
    source: str, word: str
) -> None:
    assert f'"{word}"' in source


def test_given_the_operators_page_when_its_words_are_counted_then_none_was_overlooked_by_these_tests() -> None:
    assert len(_words()) > 30


def test_given_what_the_page_tells_to_do_when_looked_up_then_commands_words_and_fields_are_there(source: str) -> None:
    told = PAGE.split("## When something is wrong")[1]
    schema = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    for word in re.findall(r"`([a-z]+_[a-z_]+)`", told):
        assert f'"{word}"' in source or word.startswith("offhook_"), word
    for field in re.findall(r"`([a-z]+[A-Z][A-Za-z]+)[`:(]", told):
        assert re.search(rf"^  {field}\b", schema, re.MULTILINE), field
    for group, command in re.findall(r"`offhook (account|key|limits|trunk) ([a-z-]+)", told):
        (commands,) = [one.typer_instance for one in program.registered_groups if one.name == group]
        assert commands is not None
        assert command in {one.name for one in commands.registered_commands}, (group, command)
