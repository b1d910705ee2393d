"""For whoever sits at a terminal: how this program is called there, and lines of their own for what is said to them."""

import functools
import shlex
import shutil
import sys
from pathlib import Path


def own_command() -> str:
    """How this program is called here, to be pasted: as it was typed, or by its name where the shell finds it."""
    typed = Path(sys.argv[0])
    if typed.name != "offhook" or shutil.which("offhook") == str(typed):
        return "offhook"
    return shlex.quote(sys.argv[0])


def public_command() -> str:
    """As `own_command`, for answers that strangers may get: where this machine keeps its programs is not in it."""
    command = own_command()
    return "offhook" if Path(command.strip("'")).is_absolute() else command


@functools.cache
def leave_ctrl_c_line() -> None:
    """End the line on which a terminal has shown ^C, so that what is said next stands on its own; once a process."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")
        sys.stderr.flush()
