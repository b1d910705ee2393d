"""``offhook import …``: a file of this machine into a list, with a progress bar."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.accounts import AsJson
from app.cli.logs import configure_logging
from app.cli.output import FAILED, note, run, telling_errors, write_json

commands = typer.Typer(no_args_is_help=True, help="Read a CSV file into a contact list or a DNC list.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.", exists=True, dir_okay=False, readable=True)]
Account = Annotated[str, typer.Option(help="The account's name or id.")]
List = Annotated[str, typer.Option("--list", metavar="LIST", help="The list's name or id.")]
Create = Annotated[bool, typer.Option("--create", help="Make the list if there is none of this name.")]
Encoding = Annotated[str | None, typer.Option(help="Such as UTF_8 or WINDOWS_1250; by default found out.")]
Separator = Annotated[str | None, typer.Option(help="COMMA, SEMICOLON, TAB or PIPE; by default found out.")]
Header = Annotated[bool | None, typer.Option("--header/--no-header", help="By default found out.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="COLUMN=ROLE",
        help="What a column holds, by its heading or its number: Tel=NUMBER, 3=FIELD:city, Notes=IGNORED.",
    ),
]
Report = Annotated[Path | None, typer.Option(help="Where to write what became of each row, as CSV.")]

_LOOK_SECONDS: Final = 0.1


@commands.command("contacts")
def contacts(
    file: File,
    account: Account,
    list_name: List,
    create: Create = False,
    encoding: Encoding = None,
    separator: Separator = None,
    header: Header = None,
    column: Columns = None,
    keep_existing: Annotated[bool, typer.Option(help="Leave contacts as they are that the list has.")] = False,
    skip_dnc: Annotated[bool, typer.Option(help="Leave out numbers that must not be called.")] = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Read contacts into a list. What was interrupted goes on by itself as soon as Offhook serves again."""
    from app.contacts.import_plan import OnDnc, OnDuplicate
    from app.facts.jobs import JobKind

    more = {
        "on_duplicate": OnDuplicate.SKIP if keep_existing else OnDuplicate.UPDATE,
        "on_dnc": OnDnc.SKIP if skip_dnc else OnDnc.KEEP,
    }
    options = _options(encoding, separator, column, has_header=header, **more)
    _import(JobKind.CONTACT_IMPORT, file, account, list_name, options, report, may_create=create, as_json=as_json)


@commands.command("dnc")
def dnc(
    file: File,
    account: Account,
    list_name: List,
    create: Create = False,
    encoding: Encoding = None,
    separator: Separator = None,
    header: Header = None,
    column: Columns = None,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Read numbers onto a list of those that must not be called."""
    from app.facts.jobs import JobKind

    options = _options(encoding, separator, column, has_header=header)
    _import(JobKind.DNC_IMPORT, file, account, list_name, options, report, may_create=create, as_json=as_json)


def _options(encoding: str | None, separator: str | None, columns: list[str] | None, **more: Any) -> Any:
    from app.contacts.import_plan import GivenColumn, ImportOptions
    from app.contacts.words import ColumnRole, CsvEncoding, CsvSeparator

    def choose(enum: Any, name: str | None, option: str) -> Any:
        if name is None:
            return None
        if name.upper() not in enum.__members__:
            raise typer.BadParameter(f"one of {', '.join(enum.__members__)}", param_hint=option)
        return enum[name.upper()]

    def column(text: str) -> GivenColumn:
        heading, equals, what = text.rpartition("=")
        role, _, field = what.partition(":")
        if not (equals and heading):
            raise typer.BadParameter("COLUMN=ROLE, such as Tel=NUMBER", param_hint="--column")
        place = int(heading) if heading.isascii() and heading.isdigit() and len(heading) < len("1000") else None
        return GivenColumn(
            role=choose(ColumnRole, role, "--column"),
            heading=heading if place is None else None,
            place=place,
            field=field or None,
        )

    return ImportOptions(
        encoding=choose(CsvEncoding, encoding, "--encoding"),
        separator=choose(CsvSeparator, separator, "--separator"),
        columns=tuple(column(one) for one in columns or ()),
        **more,
    )


def _import(
    kind: Any,
    file: Path,
    account: str,
    list_name: str,
    options: Any,
    report: Path | None,
    *,
    may_create: bool,
    as_json: bool,
) -> None:
    from app.config import load_settings

    async def work() -> Any:
        from app.cli.opened import opened_services

        async with opened_services() as opened, _opened_imports(opened) as (imports, jobs, store):
            found = await opened.find_account(account)
            job = await imports.begin_local(found.id, kind, list_name, options, file, may_create=may_create)
            with _bar(file.name) as show:
                while not job.is_over:
                    await asyncio.sleep(_LOOK_SECONDS)
                    job = await jobs.get(found.id, job.id, (job.scope,))
                    show(job.fraction or 0.0)
            if report is not None and job.report is not None:
                await _save(store, job.report, report)
            return job

    with telling_errors():  # what a worker says of its work is not what was asked for
        configure_logging(load_settings(), log_level="error")
    job = run(work())
    if as_json:
        write_json({"id": job.id, "state": job.state, "failure": job.error, "counts": _counts(job)})
    elif job.error is None:
        typer.echo(", ".join(f"{count} {what}" for what, count in _counts(job).items()))
    if job.error is not None:
        note(f"offhook: {job.error}")
    if job.state.value != "FINISHED":
        raise SystemExit(FAILED)


def _counts(job: Any) -> dict[str, int]:
    return {name: getattr(job.counts, name) for name in ("processed", "added", "updated", "skipped", "rejected", "dnc")}


@contextlib.asynccontextmanager
async def _opened_imports(opened: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
    """Imports, with a worker of this process's own: no service need be running, and one that is may do the job."""
    from app.clock import SystemClock
    from app.config import load_settings
    from app.contacts.imports import ContactImport, DncImport, Imports
    from app.events.log import EventLog
    from app.files.store import FileStore
    from app.files.uploads import Uploads
    from app.files.urls import SignedUrls
    from app.jobs.service import Jobs
    from app.jobs.worker import JobWorker

    settings, clock, silence = load_settings(), SystemClock(), _Silence()
    database, log = opened.database, EventLog(opened.database)
    store = FileStore.of(settings)
    jobs = Jobs(database, log, silence, clock)
    uploads = Uploads(database, store, SignedUrls(bytes(32)), clock)  # no address is given out here
    runners = [ContactImport(database, store, uploads), DncImport(database, store, uploads)]
    worker = JobWorker(database, log, store, silence, clock, runners, folder=settings.data_dir / "jobs")
    jobs.on_enqueued(worker.wake)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(worker.run(), name="jobs")
        try:
            yield Imports(database, opened.audit, jobs, uploads, store), jobs, store
        finally:
            task.cancel()


class _Silence:
    """Nobody to tell: other processes look for themselves."""

    def on(self, channel: str, handler: Callable[[str], None]) -> None:
        pass

    async def publish(self, channel: str, payload: str) -> None:
        pass


async def _save(store: Any, found: Any, path: Path) -> None:
    with await asyncio.to_thread(path.open, "wb") as target:
        async for block in store.read(found.object_key, 0, found.size_bytes):
            await asyncio.to_thread(target.write, block)


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=1.0)
        yield lambda fraction: progress.update(task, completed=fraction)
