"""Programs of the examples, and of the pages, that are started where another listens already."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.blocks import read_blocks
from tests.examples.running import EXAMPLES
from tests.rig.free_port import reserve_port

_SECRET: Final = "whsec_c2VjcmV0c2VjcmV0"
_SECONDS: Final = 60


def _receiver_of(page: str, folder: Path) -> Path:
    (block,) = [block for block in read_blocks(page) if block.marker == ("file", "receiver.py")]
    program = folder / "receiver.py"
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
