"""Temporary servers: gone without a trace, their killed predecessors' folders included."""

import os
import time
from pathlib import Path

import pytest

from app.local import temporary
from app.local.postgres_directory import owning
from app.local.temporary import temporary_postgres

pytestmark = pytest.mark.postgres


async def test_given_a_temporary_server_when_its_block_ends_then_server_and_folder_are_gone() -> None:
    async with temporary_postgres() as server:
        assert server.data_dir.exists()
    assert not server.process.is_running
    assert not server.data_dir.parent.exists()


def test_given_folders_of_former_owners_when_swept_then_only_the_old_and_unowned_go(tmp_path: Path) -> None:
    long_ago = time.time() - 2 * temporary._ABANDONED_SECONDS
    folders = {name: tmp_path / f"{temporary._PREFIX}{name}" for name in ("abandoned", "owned", "young")}
    for name, folder in folders.items():
        (folder / "postgresql").mkdir(parents=True)
        if name != "young":
            os.utime(folder, (long_ago, long_ago))
    with owning(folders["owned"] / "postgresql"):
        os.utime(folders["owned"], (long_ago, long_ago))
        temporary._sweep(tmp_path)
    assert [name for name, folder in folders.items() if folder.exists()] == ["owned", "young"]
