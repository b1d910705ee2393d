"""``offhook key …``."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from app.accounts.scopes import Scope
from app.cli.accounts import AccountName, AsJson
from app.cli.output import as_document, note, run, write_json, write_table

commands = typer.Typer(no_args_is_help=True, help="API keys of an account.")

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, key_….")]

#: What a CRM needs. Making keys, reading the audit log and seeing pressed digits are asked for by name.
_USUAL_SCOPES: Final = tuple(scope for scope in Scope if scope not in {Scope.KEYS, Scope.AUDIT, Scope.DTMF_READ})


@commands.command("create")
def create(
    account: AccountName,
    name: Annotated[str, typer.Option(help="What people call the key.")] = "command line",
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; repeat for more. Default: all but keys, audit and dtmf:read."),
    ] = None,
    is_test: Annotated[bool, typer.Option("--test", help="Reaches the sandbox only.")] = False,
    ip: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Network it may be used from; repeat for more.")
    ] = None,
    expires_in_days: Annotated[float | None, typer.Option(min=0.001, max=36500, help="Days until it ends.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once, on stdout."""
    from app.cli.opened import opened_services

    expires_at = None if expires_in_days is None else datetime.now(UTC) + timedelta(days=expires_in_days)

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            return await opened.keys.create(
                found.id,
                name=name,
                scopes=scope or _USUAL_SCOPES,
                is_test=is_test,
                ip_allow_list=ip or (),
                expires_at=expires_at,
            )

    _show_issued(run(work()), as_json=as_json)


@commands.command("list")
def list_keys(account: AccountName, as_json: AsJson = False) -> None:
    """List an account's keys, never the keys themselves."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            return await opened.keys.list_of((await opened.find_account(account)).id)

    keys = run(work())
    if as_json:
        write_json(keys)
        return
    write_table(
        f"Keys of {account}",
        ("id", "name", "key", "scopes", "from", "made", "expires", "revoked"),
        [
            (
                key.id,
                key.name,
                key.hint,
                [scope.value for scope in key.scopes],
                key.ip_allow_list or "anywhere",
                key.created_at,
                key.expires_at,
                key.revoked_at,
            )
            for key in keys
        ],
    )


@commands.command("revoke")
def revoke(account: AccountName, key: KeyId, as_json: AsJson = False) -> None:
    """End a key for good, with its access tokens, and what is open under them in a running service."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            return await opened.keys.revoke((await opened.find_account(account)).id, key)

    revoked = run(work())
    if as_json:
        write_json(revoked)
    else:
        typer.echo(f"Revoked {revoked.name} ({revoked.hint}).")


@commands.command("rotate")
def rotate(
    account: AccountName,
    key: KeyId,
    grace_seconds: Annotated[float, typer.Option(min=0, max=31_536_000, help="How long the old key still works.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a successor with the same rights, print it, and end the old key."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            return await opened.keys.rotate(found.id, key, grace=timedelta(seconds=grace_seconds))

    _show_issued(run(work()), as_json=as_json)


def _show_issued(issued: Any, *, as_json: bool) -> None:
    if as_json:
        write_json({"token": issued.token, **as_document(issued.key)})
        return
    typer.echo(issued.token)
    if not sys.stdout.isatty():  # a program has it, and no person has seen what is not to be shown again
        return
    note(f"Key {issued.key.id} ({issued.key.name}). It cannot be shown again: keep it safe.")
