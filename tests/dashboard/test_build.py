"""What is served is what the sources make, and the units of the sources do what their tests say."""

import shutil
from pathlib import Path

import pytest

from app.dashboard.files import BUILT
from tests.rig.public_suites import Workshop, workshop

_ROOT = Path(__file__).resolve().parents[2]
_SOURCE = BUILT.with_name("source")
_OPERATIONS = "generated/operations.ts"


@pytest.fixture
async def bench(tmp_path: Path) -> Workshop:
    """Where nothing was built yet, with the same folders around it."""
    shutil.copy(_ROOT / "schema.graphql", tmp_path)
    (tmp_path / "app/dashboard").mkdir(parents=True)
    return await workshop(_SOURCE, tmp_path / "app/dashboard/source")


async def test_given_the_sources_when_they_are_built_then_each_file_is_the_one_that_is_served(bench: Workshop) -> None:
    (bench.folder / _OPERATIONS).unlink()
    await bench.run("build")  # the types of the operations, the compiler's check, the files
    assert (bench.folder / _OPERATIONS).read_bytes() == (_SOURCE / _OPERATIONS).read_bytes()
    made, served = _files(bench.folder.parent / "built"), _files(BUILT)
    assert made.keys() == served.keys()
    assert [name for name in made if made[name] != served[name]] == []


async def test_given_the_units_of_the_sources_when_their_tests_are_run_then_they_pass(bench: Workshop) -> None:
    await bench.run("test")


def _files(folder: Path) -> dict[str, bytes]:
    """All but the stamp, which is made of the others."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "stamp.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
