"""``scripts/make-venv``, at a terminal: it makes a real virtual environment, of a project that takes no network."""

import hashlib
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.rig.terminal import watched

ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGES: Final = ("alpha", "beta", "gamma")
_PROJECT: Final = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "project"
version = "1.0"
"""
# Its build waits, where it is told to, for somebody who never comes.
_BACKEND: Final = """
import os, pathlib, zipfile

def make_wheel(folder, name):
    path = pathlib.Path(folder) / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}_is_here.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path

def build_editable(directory, config_settings=None, metadata_directory=None):
    if "HOLD" in os.environ:
        with open(os.environ["HOLD"]) as hold:
            hold.read()
    return make_wheel(directory, "project").name
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script, the rules of make, and the least that they look for: three packages, and one for another system."""
    checkout, wheels = tmp_path / "checkout", tmp_path / "wheels"
    (checkout / "scripts").mkdir(parents=True)
    wheels.mkdir()
    shutil.copy2(ROOT / "scripts" / "make-venv", checkout / "scripts")
    shutil.copy2(ROOT / "Makefile", checkout)
    (checkout / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    (checkout / "backend.py").write_text(_BACKEND, encoding="utf-8")
    make_wheel = runpy.run_path(str(checkout / "backend.py"))["make_wheel"]
    lock = ["# a lock file\n", f"absent==1.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:{'0' * 64}\n"]
    for package in _PACKAGES:
        digest = hashlib.sha256(make_wheel(wheels, package).read_bytes()).hexdigest()
        lock.append(f"{package}==1.0 \\\n    --hash=sha256:{digest}\n")
    (checkout / "requirements.lock").write_text("".join(lock), encoding="utf-8")
    return checkout


def _environment(checkout: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "OFFHOOK_"))}
    return {**plain, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout.parent / "wheels"), **more}


def test_given_a_lock_with_packages_of_other_systems_when_it_is_installed_then_the_count_ends_at_its_end(
    checkout: Path,
) -> None:
    with watched(("scripts/make-venv",), cwd=checkout, env=_environment(checkout)) as making:
        assert making.until_over() == 0, making.shown
        counted = re.findall(r"(\d+) of (\d+): (\S+)", making.shown)
    assert counted == [(str(number), "3", package) for number, package in enumerate(_PACKAGES, 1)]
    assert (checkout / ".venv" / ".complete").exists()


def test_given_what_pip_warns_of_and_a_missing_package_when_it_is_installed_then_each_is_told_on_a_line_of_its_own(
    checkout: Path,
) -> None:
    (checkout.parent / "wheels" / "gamma-1.0-py3-none-any.whl").unlink()
    links = f"{checkout.parent / 'wheels'} {checkout.parent / 'nowhere'}"
    with watched(("scripts/make-venv",), cwd=checkout, env=_environment(checkout, PIP_FIND_LINKS=links)) as making:
        assert making.until_over() == 1, making.shown
        lines = re.split(r"\n|\r\x1b\[K", making.shown)
    assert lines[-2].endswith("run it again to go on."), making.shown
    told = [line for line in lines if "WARNING" in line or "ERROR" in line]
    assert {line.partition(":")[0] for line in told} == {"WARNING", "ERROR"}, making.shown
    assert not (checkout / ".venv" / ".complete").exists()


def test_given_ctrl_c_when_it_installs_then_it_says_so_in_a_line_and_goes_on_where_it_was_the_next_time(
    checkout: Path,
) -> None:
    hold = checkout / "hold"
    os.mkfifo(hold)
    with watched(("scripts/make-venv",), cwd=checkout, env=_environment(checkout, HOLD=str(hold))) as making:
        with hold.open("w"):  # opened once somebody reads it: the build
            making.press_ctrl_c()
            assert making.until_over() == 130, making.shown
        assert making.shown.rstrip().endswith("run it again to go on.")
        assert not {"Traceback", "ERROR", "Terminated"} & set(re.findall(r"\w+", making.shown)), making.shown
        assert not (checkout / ".venv" / ".complete").exists()
    with watched(("scripts/make-venv",), cwd=checkout, env=_environment(checkout)) as making:
        assert making.until_over() == 0, making.shown
    assert (checkout / ".venv" / ".complete").exists()


def test_given_ctrl_c_when_packages_are_fetched_then_it_says_so_in_a_line_and_leaves_nothing_half_fetched(
    checkout: Path,
) -> None:
    held = checkout.parent / "wheels" / "gamma-1.0-py3-none-any.whl"
    held.unlink()
    os.mkfifo(held)  # whoever reads it waits for somebody who never comes
    with watched(("make", "venv"), cwd=checkout, env=_environment(checkout)) as making:
        making.until_shown("gamma")
        making.press_ctrl_c()
        assert making.until_over() != 0, making.shown
    assert re.split(r"\n|\r\x1b\[K", making.shown)[-3].endswith("run it again to go on."), making.shown
    assert "***" not in making.shown
    assert not (checkout / ".venv" / "tmp").exists()


def test_given_ctrl_c_when_make_makes_it_then_make_ends_too_and_reports_no_mistake(checkout: Path) -> None:
    hold = checkout / "hold"
    os.mkfifo(hold)
    with watched(("make", "venv"), cwd=checkout, env=_environment(checkout, HOLD=str(hold))) as making:
        with hold.open("w"):
            making.press_ctrl_c()
            assert making.until_over() != 0, making.shown
        assert "run it again to go on." in making.shown
        assert "***" not in making.shown
    assert not (checkout / ".venv" / ".complete").exists()


def test_given_a_half_made_environment_without_pip_when_it_is_made_again_then_it_gets_one(checkout: Path) -> None:
    subprocess.run(["python3", "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True, timeout=120)
    with watched(("scripts/make-venv",), cwd=checkout, env=_environment(checkout)) as making:
        assert making.until_over() == 0, making.shown
    assert (checkout / ".venv" / ".complete").exists()
