"""What every test may ask for: see the plugins for the fixtures, ``tests/rig`` for what they are made of."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.rig.logs import log_plainly
from tests.rig.telling import FailuresAtOnce

# By the wall clock, an example is slow when somebody else has the processor: no judgement of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
log_plainly()
# Many a container sets it, and then each of some hundred programs that tests start compiles all of Offhook anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["tests.rig.postgres", "tests.rig.fixtures", "tests.rig.service"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long runs under tests/soak as well")
    parser.addoption("--nemesis", type=float, metavar="SECONDS", help="how long the nemesis rages, from a new seed")
    parser.addoption("--nemesis-asterisk", action="store_true", help="the nemesis may kill Asterisk as well")
    parser.addoption(
        "--sharp", action="store_true", help="of the fault suite only the sharpest cases, asked for or not"
    )
    parser.addoption("--seed", type=int, default=None, help="the nemesis's seed, to repeat a run")


def pytest_sessionstart(session: pytest.Session) -> None:
    plugins = session.config.pluginmanager
    reporter = plugins.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput"):  # of xdist: workers print nothing
        plugins.register(FailuresAtOnce(reporter))
