"""What every test may ask for: see the plugins for the fixtures, ``tests/rig`` for what they are made of."""

import pytest

pytest_plugins = ["tests.rig.postgres", "tests.rig.fixtures", "tests.rig.service"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long runs under tests/soak as well")
