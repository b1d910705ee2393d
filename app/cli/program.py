"""The command line: what each command is called and takes. The work is imported when a command runs."""

import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from app.cli import accounts, imports, keys, limits, numbers, schemas, storage, trunks, welcome
from app.cli.accounts import AsJson
from app.cli.listen import LISTEN_HELP, TRIGGER_HELP, listen, trigger
from app.cli.logs import configure_logging
from app.cli.output import FAILED, INTERRUPTED, note, run, telling_errors, write_json
from app.cli.replay import replay

program = typer.Typer(
    name="offhook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its traceback shows local variables, and those may be secrets
    help="Offhook: call control for Asterisk as a GraphQL API.",
)
program.add_typer(accounts.commands, name="account")
program.add_typer(keys.commands, name="key")
program.add_typer(imports.commands, name="import")
program.add_typer(numbers.commands, name="number")
program.add_typer(trunks.commands, name="trunk")
program.add_typer(storage.commands, name="storage")
program.add_typer(limits.commands, name="limits")
program.add_typer(schemas.commands, name="schema")

_SIGNS: Final = {"OK": "ok", "WARNING": "note", "FAILED": "FAILED"}
_COLOURS: Final = {"OK": None, "WARNING": typer.colors.YELLOW, "FAILED": typer.colors.RED}


def main() -> None:
    """The entry point of ``offhook``."""
    program(prog_name="offhook")


@program.command()
def serve(
    roles: Annotated[str | None, typer.Option(help="Comma-separated: api, controller, worker. Default: all.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OFFHOOK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. Default: OFFHOOK_PORT.")] = None,
) -> None:
    """Serve until interrupted: GraphQL, calls, webhooks."""
    with telling_errors(interrupted=welcome.STOPPED), _collector_off():
        settings = _load(host=host, port=port)
        chosen = _read_roles(roles)
        configure_logging(settings)
        is_watched = welcome.is_watched(settings)
        with _keeping_others_out(settings):
            if is_watched:
                welcome.tell_start()
            # Imported late, as all work is: a service's worth of modules takes seconds that --help should not.
            from app.process.serve import PortTakenError
            from app.process.serve import serve as serve_until_stopped

        when_up = welcome.tell_next_steps if is_watched else None

        async def work() -> None:
            try:
                await serve_until_stopped(settings, roles=chosen, when_up=when_up)
            except PortTakenError as error:
                raise await _say_who_has_the_port(settings, error) from error

        run(work(), interrupted=welcome.STOPPED)
        if is_watched:
            welcome.tell_over(settings)


@program.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the call; the last line on stdout is JSON.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OFFHOOK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. Default: OFFHOOK_PORT.")] = None,
) -> None:
    """Place a real call between two sandbox phones, and show everything a CRM would see of it."""
    with telling_errors(interrupted=welcome.STOPPED):
        settings = _load(host=host, port=port)
        # The demo tells its own story; only what goes wrong joins in, unless somebody asked for more.
        configure_logging(settings, **({} if "log_level" in settings.model_fields_set else {"log_level": "warning"}))
        with _keeping_others_out(settings):
            welcome.tell_demo_start(is_for_programs=once)
            from app.demo.run import run as run_demo

        status = run(run_demo(settings, once=once), interrupted=welcome.STOPPED)
    if not once and status != INTERRUPTED:  # else it has said so itself
        welcome.tell_over(settings)
    raise SystemExit(status)


@program.command()
def doctor(as_json: AsJson = False) -> None:
    """Check this machine and the settings, and say how to mend what is broken."""
    from app.doctor.examination import examine, explain_settings, is_fit
    from app.errors import ConfigurationError

    try:
        settings = _load()
    except ConfigurationError as error:  # the first thing to mend; nothing else can be looked at before
        findings = explain_settings(error)
    else:
        configure_logging(settings, log_level="error")
        if sys.stderr.isatty():  # some of what it looks at takes seconds to answer, or not to
            note("Looking at this machine and what Offhook needs …")
        findings = run(examine(settings))
    if as_json:
        write_json({"isFit": is_fit(findings), "findings": findings})
    else:
        for finding in findings:
            mend = "" if finding.mend is None else f" {finding.mend}"
            line = f"{_SIGNS[finding.status.value]:<8}{finding.check}: {finding.message}{mend}"
            typer.secho(line, fg=_COLOURS[finding.status.value])
    if not is_fit(findings):
        raise SystemExit(FAILED)


@program.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as find_version

    typer.echo(find_version("offhook"))


# Help lists commands in this order: those that come first in a newcomer's day are above.
program.command(help=LISTEN_HELP)(listen)
program.command(help=TRIGGER_HELP)(trigger)
program.command()(replay)


def _load(**overrides: object) -> Any:
    from app.config import load_settings

    return load_settings(**{name: value for name, value in overrides.items() if value is not None})


@contextlib.contextmanager
def _keeping_others_out(settings: Any) -> Iterator[None]:
    """For the import of the service: whoever starts one beside another is told at once, and how to use that one."""
    from app.errors import ConfigurationError
    from app.local.database import keeping_others_out
    from app.local.postgres_directory import DataDirectoryInUseError

    try:
        with keeping_others_out(settings):
            yield
    except DataDirectoryInUseError as error:
        if error.address is None:
            raise
        raise ConfigurationError(f"{error.message}\n{welcome.how_to_use(error.address)}") from error


async def _say_who_has_the_port(settings: Any, error: Exception) -> Exception:
    """The same error, and a better one when it is an Offhook that is there."""
    from app.doctor.machine import is_offhook
    from app.errors import ConfigurationError

    if not await is_offhook(settings):
        return error
    return ConfigurationError(
        f"Another Offhook serves at {settings.host}:{settings.port} already. "
        "Use that one or end it, or choose another port with OFFHOOK_PORT (or --port)."
    )


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """For a start: modules and the schema are made to stay, and looking for garbage among them is a sixth of the work.

    The service turns Python's garbage collector on again as soon as it serves (``tune_collector``).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()  # when it did not come as far as that


def _read_roles(text: str | None) -> frozenset[str]:
    from app.config import ROLES

    # What there is no role of is told by the service, which knows why.
    return frozenset(ROLES if text is None else (part.strip() for part in text.split(",") if part.strip()))
