"""Programs of the examples, and of the pages: started where another listens already, and ended with Ctrl-C."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.docs.blocks import find_pages, read_blocks
from tests.examples.running import EXAMPLES
from tests.rig.free_port import reserve_port
from tests.rig.terminal import watched

_SECRET: Final = "whsec_c2VjcmV0c2VjcmV0"
_SECONDS: Final = 60
_NOW: Final = {"webhook-id": "evt_1", "webhook-timestamp": str(int(time.time()))}
#: What strangers may send: nothing of what is to be verified, and headers that are none.
_NONSENSE: Final[tuple[dict[str, str], ...]] = (
    {},
    {**_NOW, "webhook-signature": "nonsense"},
    {**_NOW, "webhook-timestamp": "today", "webhook-signature": "v1,a"},
    {**_NOW, "webhook-timestamp": "9" * 400, "webhook-signature": "v1,a"},
)
#: Both are saved in one directory, so each has a name of its own.
_RECEIVERS: Final = {("file", "receiver.py"), ("file", "sandbox_receiver.py")}


def _receiver_of(page: str, folder: Path) -> Path:
    (block,) = [block for block in read_blocks(page) if block.marker in _RECEIVERS]
    program = folder / block.marker[1]
    program.write_text(block.text, encoding="utf-8")
    return program


@pytest.mark.parametrize(
    ("program", "setting"),
    [
        ("docs/tutorial/index.md", "PORT"),
        ("docs/how-to/test-your-integration.md", "PORT"),
        ("webhooks-python/consumer.py", "PORT"),
        ("bot/bot.py", "BOT_LISTEN"),
    ],
)
def test_given_a_taken_port_when_a_program_starts_then_one_line_says_so_and_how_to_choose_another(
    tmp_path: Path, program: str, setting: str
) -> None:
    path = _receiver_of(program, tmp_path) if program.endswith(".md") else EXAMPLES / program
    with reserve_port() as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, str(path), *((_SECRET,) if "tutorial" in program else ())],
            cwd=tmp_path,
            env={
                **os.environ,
                "OFFHOOK_WEBHOOK_SECRET": _SECRET,
                "BOT_SECRET": _SECRET,
                "PORT": port,
                "BOT_LISTEN": f"127.0.0.1:{port}",
            },
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert port in line
    assert setting in line


@pytest.mark.parametrize(
    "program", ["docs/tutorial/index.md", "docs/how-to/test-your-integration.md", "webhooks-python/consumer.py"]
)
def test_given_a_receiver_when_nonsense_comes_and_ctrl_c_is_pressed_then_it_refuses_ends_well_and_shows_no_traceback(
    tmp_path: Path, program: str
) -> None:
    path = _receiver_of(program, tmp_path) if program.endswith(".md") else EXAMPLES / program
    command = [sys.executable, str(path), *((_SECRET,) if "tutorial" in program else ())]
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        environment = {**os.environ, "OFFHOOK_WEBHOOK_SECRET": _SECRET, "PORT": str(port)}
        with watched(command, cwd=tmp_path, env=environment) as receiver:
            receiver.until_shown("ing")
            # Whoever answers is past its start.
            for headers in _NONSENSE:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/webhooks",
                    content=b"{}",
                    headers=headers,
                    timeout=_SECONDS,
                    trust_env=False,
                )
                assert answer.status_code == httpx.codes.UNAUTHORIZED, receiver.shown
            receiver.press_ctrl_c()
            assert receiver.until_over() == 0, receiver.shown
    assert "Traceback" not in receiver.shown


def test_given_the_programs_of_the_pages_when_a_reader_saves_all_in_one_directory_then_none_overwrites_another() -> (
    None
):
    names = [block.marker[1] for page in find_pages() for block in read_blocks(page) if block.marker[0] == "file"]
    assert {name for _, name in _RECEIVERS} <= set(names)
    assert len(names) == len(set(names)), names
