"""The unit for systemd: systemd understands it, it shuts the service in, and what it says is what the page says."""

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.rig.programs import ensure_programs

ROOT: Final = Path(__file__).parents[2]
UNIT: Final = ROOT / "docs" / "how-to" / "operations" / "offhook.service"
_DEADLINE_SECONDS: Final = 60
#: Of ten: what systemd itself calls OK ends at two.
_MOST_EXPOSED: Final = 2.0


def _settings() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))


def _analyze(*arguments: str) -> str:
    ensure_programs("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
        env={"SYSTEMD_COLORS": "0", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_given_the_unit_when_systemd_reads_it_then_it_has_no_complaint(tmp_path: Path) -> None:
    # A program that is there: systemd looks for it.
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/offhook/bin/offhook", "/bin/true"), encoding="utf-8")
    said = _analyze("verify", str(copy))
    assert "offhook.service" not in said, said


def test_given_the_unit_when_systemd_counts_what_the_service_may_do_then_little_is_left(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8"), encoding="utf-8")
    said = _analyze("security", "--offline=true", "--no-pager", str(copy))
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert float(level) <= _MOST_EXPOSED


def test_given_the_unit_when_read_then_it_writes_to_its_own_directory_alone_and_is_always_started_again() -> None:
    settings = _settings()
    assert settings["NoNewPrivileges"] == settings["PrivateTmp"] == settings["ProtectHome"] == "true"
    assert settings["ProtectSystem"] == "strict"
    assert settings["StateDirectory"] == "offhook"
    assert "OFFHOOK_DATA_DIR=/var/lib/offhook" in settings["Environment"]
    assert settings["Restart"] == "always"
    assert settings["StartLimitIntervalSec"] == "0"
    assert settings["ExecStart"] == "/opt/offhook/bin/offhook serve"


def _named(group: str, *, known: dict[str, set[str]]) -> set[str]:
    """The system calls of a word of SystemCallFilter: one, or a group of them, which may name others."""
    if not group.startswith("@"):
        return {group}
    return {call for word in known[group] for call in _named(word, known=known)}


def test_given_the_unit_when_its_filters_are_read_in_their_order_then_the_recogniser_may_step_back_behind_calls() -> (
    None
):
    known: dict[str, set[str]] = {}
    group = ""
    for line in _analyze("syscall-filter", "--no-pager").splitlines():
        word = line.strip()
        if line.startswith("@"):
            group, known[word] = word, set()
        elif group and word and not word.startswith("#"):
            known[group].add(word)
    allowed: set[str] = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE):
        calls = {call for word in words.removeprefix("~").split() for call in _named(word, known=known)}
        allowed = allowed - calls if words.startswith("~") else allowed | calls
    assert {"setpriority", "nice", "openat", "connect", "execve"} <= allowed  # os.nice is one of the first two
    assert not allowed & {"setrlimit", "sched_setaffinity", "chroot", "setuid", "mount"}
