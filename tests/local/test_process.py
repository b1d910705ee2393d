"""Supervised processes: what they report, and that they never outlive their owner."""

import asyncio
import errno
import os
import pwd
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from app.local.process import ProcessStartError, SupervisedProcess
from tests.local.watching import PATIENCE_SECONDS, is_alive, read, wait_until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


async def start_shell(script: str, log: Path, **options: object) -> SupervisedProcess:
    return await SupervisedProcess.start(["sh", "-c", script], stdout_path=log, **options)  # type: ignore[arg-type]


async def test_given_a_program_that_ends_when_waited_for_then_its_return_code_is_reported(log: Path) -> None:
    process = await start_shell("exit 7", log)
    assert await process.wait() == 7
    assert not process.is_running
    assert await process.stop() == 7


async def test_given_a_program_when_it_writes_then_both_streams_are_in_the_file(log: Path) -> None:
    async with await start_shell("echo out; echo err >&2", log) as process:
        await process.wait()
    assert read(log).split() == ["out", "err"]


async def test_given_a_program_when_killed_then_the_owner_hears_of_it_without_asking(log: Path) -> None:
    async with await start_shell("exec sleep 1000", log) as process:
        process.kill()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await asyncio.shield(process.exited) == -signal.SIGKILL


async def test_given_a_stop_signal_when_stopped_then_the_program_receives_that_one(log: Path) -> None:
    script = "trap 'echo int; exit 3' INT; echo ready; while :; do sleep 0.02; done"
    process = await start_shell(script, log, stop_signal=signal.SIGINT)
    await wait_until(lambda: "ready" in read(log))
    assert await process.stop() == 3
    assert "int" in read(log)


async def test_given_a_program_deaf_to_the_stop_signal_when_stopped_then_it_is_killed_in_the_end(
    log: Path,
) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.02; done"
    process = await start_shell(script, log, grace_seconds=0.2)
    await wait_until(lambda: "ready" in read(log))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.stop() == -signal.SIGKILL


async def test_given_a_program_that_left_a_child_when_it_ends_then_the_child_ends_too(log: Path) -> None:
    process = await start_shell("sleep 1000 & echo $!", log)
    assert await process.wait() == 0
    await process.stop()
    await wait_until(lambda: not is_alive(int(read(log))))


async def test_given_a_missing_program_when_started_then_the_error_carries_errno(log: Path) -> None:
    with pytest.raises(ProcessStartError, match="No such file") as caught:
        await SupervisedProcess.start(["/nowhere/program"], stdout_path=log)
    assert caught.value.errno == errno.ENOENT


async def test_given_an_unknown_user_when_started_then_the_error_names_it(log: Path) -> None:
    with pytest.raises(ProcessStartError, match="no user 'nobody-of-that-name'"):
        await start_shell("true", log, user="nobody-of-that-name")


async def test_given_another_user_when_started_then_root_drops_every_right_and_others_are_refused(log: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if os.geteuid() == 0:
        async with await start_shell("id -u; id -G; id -ru", log, user="nobody") as process:
            assert await process.wait() == 0
        groups = " ".join(map(str, os.getgrouplist("nobody", nobody.pw_gid)))
        assert read(log).splitlines() == [str(nobody.pw_uid), groups, str(nobody.pw_uid)]
    else:
        with pytest.raises(ProcessStartError) as caught:
            await start_shell("true", log, user="nobody")
        assert caught.value.errno == errno.EPERM


async def test_given_an_environment_when_started_then_nothing_of_ours_is_in_it(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_SECRET_KEY", "hush")
    async with await start_shell("env", log, env={"PATH": os.environ["PATH"], "GIVEN": "1"}) as process:
        await process.wait()
    assert "GIVEN=1" in read(log)
    assert "hush" not in read(log)


async def test_given_signals_ignored_by_python_when_started_then_the_program_has_the_defaults(log: Path) -> None:
    async with await start_shell("grep SigIgn /proc/self/status", log) as process:
        await process.wait()
    ignored = int(read(log).split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


async def test_given_the_supervisor_is_killed_when_the_owner_looks_then_the_program_is_gone_and_reported(
    log: Path,
) -> None:
    process = await start_shell("trap '' TERM; while :; do sleep 0.02; done", log)
    os.kill(process._transport.get_pid(), signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == -signal.SIGKILL
    await wait_until(lambda: not is_alive(process.pid))
    await process.stop()


async def test_given_an_owner_killed_with_9_when_it_is_gone_then_its_program_ends_too(
    tmp_path: Path,
) -> None:
    owner = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from app.local.process import SupervisedProcess

        async def main():
            process = await SupervisedProcess.start(["sleep", "1000"], stdout_path=Path(sys.argv[1]))
            print(process.pid, flush=True)
            await process.wait()

        asyncio.run(main())
        """
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", owner, str(tmp_path / "log")), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        pid = int(await process.stdout.readline())
    assert is_alive(pid)
    process.kill()
    await process.wait()
    await wait_until(lambda: not is_alive(pid))


async def test_given_a_terminal_when_ctrl_c_is_pressed_then_the_program_is_out_of_its_reach(log: Path) -> None:
    """Ctrl-C goes to the foreground process group of a session; the owner stops its programs in order."""
    async with await start_shell("exec sleep 1000", log) as process:
        supervisor = process._transport.get_pid()
        assert os.getsid(0) not in {os.getsid(supervisor), os.getsid(process.pid)}
        assert os.getpgid(process.pid) == process.pid
