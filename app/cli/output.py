"""How commands speak: results on stdout, everything else on stderr; JSON where a program might read."""

import contextlib
import dataclasses
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final, NoReturn, TypeVar

import orjson
import typer

from app.errors import ConfigurationError, OffhookError, RefusedError
from app.terminal import leave_ctrl_c_line

T = TypeVar("T")

FAILED: Final = 1
MISCONFIGURED: Final = 2
INTERRUPTED: Final = 130


def run(work: Coroutine[Any, Any, T], *, interrupted: str | None = None) -> T:
    """Run a command's work to its end, and turn what an operator can mend into a message instead of a traceback."""
    import uvloop  # late: a command that only prints help has no loop

    with telling_errors(interrupted=interrupted):
        return uvloop.run(work)


@contextlib.contextmanager
def telling_errors(*, interrupted: str | None = None) -> Iterator[None]:
    """Exit 2 with the mend for a ConfigurationError, 1 for other errors of ours, 130 when interrupted.

    ``interrupted`` is what is said then.
    """
    try:
        yield
    except OffhookError as error:
        _fail_with(error)
    except ExceptionGroup as group:  # a task group wraps what ended it
        ours = _find_only_ours(group)
        if ours is None:
            raise
        _fail_with(ours)
    except KeyboardInterrupt:
        if interrupted is not None:
            leave_ctrl_c_line()
            note(interrupted)
        raise SystemExit(INTERRUPTED) from None


def _find_only_ours(group: ExceptionGroup[Exception]) -> OffhookError | None:
    """The first error of a group that holds nothing but ours; a bug among them keeps its traceback."""
    first = None
    for error in group.exceptions:
        found = _find_only_ours(error) if isinstance(error, ExceptionGroup) else error
        if not isinstance(found, OffhookError):
            return None
        first = first or found
    return first


def _fail_with(error: OffhookError) -> NoReturn:
    if isinstance(error, RefusedError):
        fail("\n".join(_tell_problem(problem.field, problem.message) for problem in error.problems))
    fail(error.message, status=MISCONFIGURED if isinstance(error, ConfigurationError) else FAILED)


def fail(message: str, *, status: int = FAILED) -> NoReturn:
    """Say why on stderr and exit."""
    for number, line in enumerate(message.splitlines()):
        typer.secho(("" if number else "offhook: ") + line, fg=typer.colors.RED, err=True)
    raise SystemExit(status)


def note(message: str) -> None:
    """Something for the reader, beside the result."""
    typer.echo(message, err=True)


def write_json(value: object) -> None:
    """One JSON document on stdout: dataclasses as objects with camelCase keys, instants as RFC 3339."""
    sys.stdout.write(orjson.dumps(as_document(value), option=orjson.OPT_INDENT_2).decode("utf-8") + "\n")


def write_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people; on something that is no terminal it is as wide as it needs to be."""
    # Imported late: rich takes as long to import as all else, and --json and --help need none of it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: a name may hold square brackets.
        table.add_row(*(Text(_tell(cell)) for cell in row))
    console.print(table)


def as_document(value: object) -> Any:
    """A value as JSON can hold it."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Mapping():
            return {str(key): as_document(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_document(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {_camel(field.name): as_document(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return str(value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _tell(cell: object) -> str:
    match cell:
        case None:
            return "–"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%SZ")
        case list() | tuple():
            return ", ".join(_tell(item) for item in cell) or "–"
        case _:
            return str(cell)


def _tell_problem(field: Sequence[str], message: str) -> str:
    return f"{'.'.join(field)}: {message}" if field else message
