"""``offhook trunk …``: trunks in Asterisk's own files, which are the operator's."""

from typing import Annotated, Any, Final

import typer

from app.cli.accounts import AccountName, AsJson
from app.cli.output import run, write_json

commands = typer.Typer(no_args_is_help=True, help="Trunks in Asterisk's own files: what no key can change of them.")

TrunkName = Annotated[str, typer.Argument(metavar="TRUNK", help="The trunk's name.")]
DialTemplate = Annotated[
    str | None,
    typer.Option(help="What is dialled: {e164}, {digits} or {national}, with digits, * or # around it."),
]

_NO_LIMIT: Final = 0


@commands.command("add")
def add(
    account: AccountName,
    trunk: TrunkName,
    dial_template: DialTemplate = None,
    as_json: AsJson = False,
) -> None:
    """Tell Offhook of a trunk for an account: an endpoint named ACCOUNT-trunk-TRUNK in Asterisk's own files."""
    # Imported late, here and below: --help must not wait for a database driver.
    from app.cli.opened import opened_services
    from app.routing.service import Routing

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            routing = Routing(opened.database, opened.audit)
            return await routing.create_trunk(found.id, trunk, dial_template=dial_template or "{digits}")

    made = run(work())
    if as_json:
        write_json(made)
        return
    typer.echo(f"Calls of {account} can go over {made.endpoint} ({made.id}).")


@commands.command("set")
def set_trunk(
    account: AccountName,
    trunk: TrunkName,
    dial_template: DialTemplate = None,
    max_channels: Annotated[
        int | None, typer.Option(min=_NO_LIMIT, help="How many calls it takes at once; 0 is no limit.")
    ] = None,
    is_enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is in use, both ways.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is dialled over a trunk, how much at once, and whether at all. What is left out stays."""
    from app.cli.opened import opened_services
    from app.routing.service import OperatorsChanges, Routing

    changes = OperatorsChanges()
    if dial_template is not None:
        changes["dial_template"] = dial_template
    if max_channels is not None:
        changes["max_channels"] = None if max_channels == _NO_LIMIT else max_channels
    if is_enabled is not None:
        changes["is_enabled"] = is_enabled

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            return await Routing(opened.database, opened.audit).set_trunk(found.id, trunk, changes)

    changed = run(work())
    if as_json:
        write_json(changed)
        return
    most = "any number of" if changed.max_channels is None else f"at most {changed.max_channels}"
    state = "in use" if changed.is_enabled else "not in use"
    typer.echo(f"{changed.endpoint} is {state}, dials {changed.dial_template}, and takes {most} calls at once.")
