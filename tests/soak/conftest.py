from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The long runs are asked for by name: ``--soak``."""
    if collection_path.name.startswith("test_") and not config.getoption("--soak"):
        return True
    return None
