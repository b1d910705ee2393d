"""The operator's page names every metric, and no word that is not there."""

import re
from pathlib import Path

import pytest

from app import metrics
from app.api.metrics import Metrics
from app.callbacks.scheduler import CallbackScheduler
from app.daemon import Daemon
from app.events.feed import Feed
from app.jobs.worker import JobWorker
from app.otps.caller import OtpCaller
from app.ownership.inbox import Inbox
from app.recordings.deletion import RecordingSweeper
from app.reputation.reviewer import ReputationReviewer
from app.transcripts.starter import TranscriptStarter
from app.webhooks.deliver import Deliverer
from app.webhooks.presence import Presence
from app.webhooks.settler import Settler

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize(
    "loop",
    [
        *(Feed, Inbox, CallbackScheduler, OtpCaller, Deliverer, Settler, Presence, JobWorker, TranscriptStarter),
        *(RecordingSweeper, ReputationReviewer),
    ],
)
def test_given_a_loop_that_is_a_part_of_readyz_when_looked_up_then_the_operators_page_has_its_name(
    loop: type[Daemon],
) -> None:
    assert f"`{loop.name}`" in PAGE


def _words() -> list[str]:
    log = PAGE.split("## The log")[1]
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
