"""The script that gets Asterisk onto a machine, with the real cache and with made-up system programs."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.ari.versions import VERSION_FLOOR, is_below_floor
from app.local.asterisk import AsteriskInstall, AsteriskInstallError, ensure_asterisk
from tests.rig.terminal import watched

pytestmark = pytest.mark.asterisk

FLOOR = ".".join(map(str, VERSION_FLOOR))
SCRIPT = Path(__file__).resolve().parents[2] / "asterisk" / "get-asterisk"


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _fake_asterisk(directory: Path, version: str) -> str:
    directory.mkdir()
    program = directory / "asterisk"
    program.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
    program.chmod(0o755)
    return f"{directory}:{os.environ['PATH']}"


def test_given_an_unpacked_asterisk_when_asked_again_then_it_answers_at_once_and_silently(
    asterisk_install: AsteriskInstall,
) -> None:
    done = _run("--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert tuple(found["asterisk"]) == asterisk_install.asterisk
    assert not is_below_floor(found["version"])
    assert (Path(found["data_directory"]) / "sounds" / "en" / "hello.wav").exists()


def test_given_the_printed_command_line_when_run_then_it_is_that_asterisk(asterisk_install: AsteriskInstall) -> None:
    done = _run()
    answer = subprocess.run(  # noqa: S602  # a line to paste into a shell
        f"{done.stdout.strip()} -V",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert f"Asterisk {asterisk_install.version}" in answer.stdout


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("20.6.0", f"{FLOOR} or later is needed"),
        ("22.4.0", f"{FLOOR} or later is needed"),  # advisories tell how to attack it
        (FLOOR, "lacks"),
        ("100.0.0", "lacks"),
    ],
)
def test_given_a_system_asterisk_that_will_not_do_when_asked_then_the_unpacked_one_is_used_and_it_says_why(
    asterisk_install: AsteriskInstall, tmp_path: Path, version: str, complaint: str
) -> None:
    done = _run("--json", PATH=_fake_asterisk(tmp_path / "bin", version))
    assert complaint in done.stderr
    found = json.loads(done.stdout)
    assert found["source"] == "unpacked"
    assert found["version"] != version or "lacks" in complaint


def test_given_no_tools_and_an_empty_cache_when_asked_then_what_is_missing_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    done = _run("--no-system", OFFHOOK_CACHE_DIR=str(tmp_path / "cache"), PATH=str(empty))
    assert done.returncode == 3
    assert "mmdebstrap" in done.stderr


def test_given_a_failing_download_when_asked_then_nothing_half_done_is_left(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    unpacker = tools / "mmdebstrap"
    unpacker.write_text(
        '#!/bin/sh\nfor last; do :; done\nmkdir -p "$last/usr"\necho "E: no route to host" >&2\nexit 1\n'
    )
    unpacker.chmod(0o755)
    cache = tmp_path / "cache"
    for name, hours in ((".unpack-interrupted", 1), (".unpack-at-work", 0)):
        (cache / name / "root").mkdir(parents=True)
        ago = time.time() - hours * 3600
        os.utime(cache / name, (ago, ago))
    path = f"{tools}:{os.environ['PATH']}"
    done = _run("--no-system", OFFHOOK_CACHE_DIR=str(cache), PATH=path)
    assert done.returncode == 1
    assert "no route to host" in done.stderr
    assert {entry.name for entry in cache.iterdir()} == {"asterisk.lock", ".unpack-at-work"}


def _unpacker_that_never_ends(tools: Path) -> None:
    """One that has begun to write when it says so."""
    tools.mkdir()
    unpacker = tools / "mmdebstrap"
    unpacker.write_text(
        '#!/bin/sh\nfor last; do :; done\nmkdir -p "$last/usr"\necho $$ > "$TOOLS/pid"\n'
        'echo "I: extracting archives..." >&2\nexec sleep infinity\n'
    )
    unpacker.chmod(0o755)


@pytest.mark.parametrize("times", [1, 3])
def test_given_ctrl_c_when_it_fetches_then_it_says_so_in_a_line_and_nothing_half_done_is_left(
    tmp_path: Path, times: int
) -> None:
    tools, cache = tmp_path / "bin", tmp_path / "cache"
    _unpacker_that_never_ends(tools)
    environment = os.environ | {
        "OFFHOOK_CACHE_DIR": str(cache),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TOOLS": str(tools),
    }
    with watched((sys.executable, str(SCRIPT), "--no-system"), cwd=tmp_path, env=environment) as fetching:
        fetching.until_shown("extracting archives...\n")
        for _ in range(times):  # whoever is impatient
            fetching.press_ctrl_c()
        assert fetching.until_over() == 130, fetching.shown
    # On a line of its own, not behind ^C.
    assert fetching.shown.splitlines()[-2:] == ["", "get-asterisk: stopped. Nothing half-done is kept."]
    assert "Traceback" not in fetching.shown
    assert [entry.name for entry in cache.iterdir()] == ["asterisk.lock"]
    assert not Path("/proc", (tools / "pid").read_text().strip()).exists()


def test_given_ctrl_c_when_offhook_serves_for_the_first_time_then_what_is_half_fetched_is_removed_without_a_traceback(
    tmp_path: Path, database_dsn: str
) -> None:
    tools, cache = tmp_path / "bin", tmp_path / "cache"
    _unpacker_that_never_ends(tools)
    script = _script_that(
        tmp_path,
        "import runpy",
        "sys.argv.append('--no-system')",
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')",
    )
    serve = (
        f"import app.local.asterisk as local; local._GET_ASTERISK = {str(script)!r}; "
        "from app.cli.program import main; main()"
    )
    environment = os.environ | {
        "OFFHOOK_CACHE_DIR": str(cache),
        "OFFHOOK_DATA_DIR": str(tmp_path / "data"),
        "OFFHOOK_DATABASE_URL": database_dsn,
        "OFFHOOK_PORT": "0",
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TOOLS": str(tools),
    }
    with watched((sys.executable, "-c", serve, "serve"), cwd=SCRIPT.parents[1], env=environment) as serving:
        serving.until_shown("extracting archives...\n")
        serving.press_ctrl_c()
        assert serving.until_over() == 130, serving.shown
    assert "it says here what to do next" in serving.shown.partition("extracting")[0]
    # On lines of their own, not behind ^C.
    assert serving.shown.splitlines()[-3:] == [
        "",
        "get-asterisk: stopped. Nothing half-done is kept.",
        "Stopped. Run it again when you like.",
    ]
    assert "Traceback" not in serving.shown
    assert [entry.name for entry in cache.iterdir()] == ["asterisk.lock"]
    assert not Path("/proc", (tools / "pid").read_text().strip()).exists()


def test_given_the_answer_when_espeak_is_run_then_it_speaks_a_text_from_standard_input(
    asterisk_install: AsteriskInstall,
) -> None:
    assert asterisk_install.espeak is not None
    done = subprocess.run(
        [*asterisk_install.espeak, "--stdin", "--stdout", "-v", "en-us"],
        input=b"Hello.",
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stdout[:4] == b"RIFF"
    assert len(done.stdout) > 10_000


def test_given_a_system_espeak_when_asked_then_it_is_the_one(asterisk_install: AsteriskInstall, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    done = _run("--json", PATH=f"{folder}:{os.environ['PATH']}")
    assert json.loads(done.stdout)["espeak"] == [str(program)]


def test_given_an_espeak_that_cannot_be_fetched_when_asked_then_there_is_none_and_asterisk_is_there_all_the_same(
    asterisk_install: AsteriskInstall, tmp_path: Path
) -> None:
    tools, cache = tmp_path / "bin", tmp_path / "cache"
    tools.mkdir()
    cache.mkdir()
    unpacker = tools / "mmdebstrap"
    unpacker.write_text('#!/bin/sh\necho "E: no route to host" >&2\nexit 1\n')
    unpacker.chmod(0o755)
    if asterisk_install.root is not None:
        (cache / asterisk_install.root.name).symlink_to(asterisk_install.root)
    done = _run("--json", OFFHOOK_CACHE_DIR=str(cache), PATH=f"{tools}:/nowhere")
    assert done.returncode == 0
    assert "apt-get install espeak-ng" in done.stderr
    found = json.loads(done.stdout)
    assert found["espeak"] is None
    assert found["version"] == asterisk_install.version
    assert not list(cache.glob("espeak-*-*"))


def _script_that(directory: Path, *lines: str) -> Path:
    script = directory / "get-asterisk"
    script.write_text("\n".join(("import sys", *lines)), encoding="utf-8")
    return script


async def test_given_a_script_that_fails_when_the_service_wants_asterisk_then_the_reason_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = _script_that(
        tmp_path,
        "print('get-asterisk: unpacking Asterisk', file=sys.stderr)",
        "print('get-asterisk: error: missing: mmdebstrap', file=sys.stderr)",
        "sys.exit(3)",
    )
    monkeypatch.setattr("app.local.asterisk._GET_ASTERISK", script)
    with pytest.raises(AsteriskInstallError, match=r"^No Asterisk to run: missing: mmdebstrap$"):
        await ensure_asterisk()
    assert capsys.readouterr().err == "get-asterisk: unpacking Asterisk\n"


async def test_given_a_script_that_goes_on_after_an_error_when_it_has_asterisk_then_the_error_has_been_told(
    asterisk_install: AsteriskInstall,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = "get-asterisk: error: no route to host\nget-asterisk: without espeak-ng no text is spoken\n"
    answer = _run("--json").stdout
    script = _script_that(tmp_path, f"sys.stderr.write({said!r})", f"print({answer!r})")
    monkeypatch.setattr("app.local.asterisk._GET_ASTERISK", script)
    found = await ensure_asterisk()
    assert found.asterisk == asterisk_install.asterisk
    assert capsys.readouterr().err == said
