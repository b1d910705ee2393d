"""``offhook number …``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.accounts import AccountName, AsJson
from app.cli.output import run, write_json

commands = typer.Typer(no_args_is_help=True, help="Numbers: what is thought of those that calls show.")


@commands.command("verify")
def verify(
    account: AccountName,
    number: Annotated[str, typer.Argument(help="The number, E.164: +12125550123.")],
    as_json: AsJson = False,
) -> None:
    """Vouch that a number is the account's, so that its calls may show it."""
    from app.cli.opened import opened_services
    from app.numbers.parse import parse_caller_id
    from app.routing.service import Routing

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            given = parse_caller_id(number, default_region=found.default_region, field=("number",))
            return await Routing(opened.database, opened.audit).verify_outbound_number(found.id, given)

    done = run(work())
    if as_json:
        write_json(done)
        return
    typer.echo(f"Calls of {account} may show {done.number}.")


@commands.command("import-flagged")
def import_flagged(
    account: AccountName,
    source: Annotated[str, typer.Argument(help="The list's name. It replaces what was imported under it before.")],
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV: a number on each line, and a reason."),
    ],
    as_json: AsJson = False,
) -> None:
    """Import a list of numbers that are known as spam. No call is placed with one of them."""
    # Imported late: --help must not wait for a database driver.
    from app.cli.opened import opened_services
    from app.reputation.listed import read_csv, read_listed

    async def work() -> Any:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            given = read_csv(lines)
        async with opened_services() as opened:
            found = await opened.find_account(account)
            numbers = read_listed(given, found.default_region)
            return await opened.reputation.import_flagged(None, found.id, source, numbers)

    done = run(work())
    if as_json:
        write_json(done)
        return
    typer.echo(f"{done.listed} numbers are on the list {source}.")
    if done.flagged:
        typer.echo(f"Flagged of the account's own: {', '.join(done.flagged)}")
