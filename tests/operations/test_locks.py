"""The two lists of what is installed: all of it, and the part with which a checkout serves."""

import re
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def _read_lock(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """By the package's name, its version and the hashes of its files."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9._-]+)==([^ ;]+)(.*(?:\n    .*)*)", text, re.MULTILINE)
    assert len(found) == text.count("==") - len(re.findall(r"^[a-z].*;.*==", text, re.MULTILINE))
    return {package: (version, frozenset(re.findall(r"sha256:[0-9a-f]{64}", rest))) for package, version, rest in found}


def _names(requirements: list[str]) -> set[str]:
    return {found[0].lower().replace("_", "-") for one in requirements if (found := _NAME.match(one)) is not None}


def test_given_both_locks_when_compared_then_serving_takes_the_same_files_of_what_it_takes() -> None:
    whole, part = _read_lock("requirements.lock"), _read_lock("requirements-serve.lock")
    assert {package: whole.get(package) for package in part} == part
    assert all(hashes for _, hashes in part.values())


def test_given_the_lock_of_serving_when_read_then_it_has_every_dependency_and_no_tool_of_the_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = _names(project["project"]["dependencies"]) | _names(project["dependency-groups"]["serve"])
    for extra in ("traces", "nats"):
        wanted |= _names(project["project"]["optional-dependencies"][extra])
    packages = set(_read_lock("requirements-serve.lock"))
    assert wanted <= packages
    assert packages.isdisjoint({"hypothesis", "mypy", "playwright", "pytest", "ruff", "zensical"})
