"""``offhook account …``."""

from typing import Annotated, Any

import typer

from app.cli.output import as_document, note, run, write_json, write_table

commands = typer.Typer(no_args_is_help=True, help="Accounts: the tenants of this Offhook.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AccountName = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's name or id.")]


@commands.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Short name: 2 to 20 lower-case letters and digits, for good.")],
    display_name: Annotated[str | None, typer.Option(help="Name for people.")] = None,
    region: Annotated[str, typer.Option(help="Country in which national numbers are read, for example US.")] = "US",
    time_zone: Annotated[
        str, typer.Option(help="Where the account is, for numbers that say nothing of a place: Europe/Berlin.")
    ] = "Etc/UTC",
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="PREFIX", help="Prefix that may be called, such as +1 or +44; repeat for more."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account. It may call nobody but the prefixes that are allowed."""
    # Imported late, here and below: --help must not wait for a database driver.
    from app.cli.opened import opened_services
    from app.numbers.policy import Rule

    async def work() -> Any:
        async with opened_services() as opened:
            rules = [Rule(prefix, is_allowed=True) for prefix in allow or ()]
            # Both or neither: a typing error in a prefix must not leave half an account behind.
            opened.policies.check(rules)
            account = await opened.accounts.create(
                name, display_name=display_name, default_region=region, time_zone=time_zone
            )
            await opened.policies.set_rules(account.id, rules)
            return account

    account = run(work())
    if as_json:
        write_json(account)
        return
    typer.echo(f"Made account {account.name} ({account.id}).")
    note(f"Next: offhook key create {account.name} --name CRM")


@commands.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all accounts."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            return await opened.accounts.list_all()

    accounts = run(work())
    if as_json:
        write_json(accounts)
        return
    write_table(
        "Accounts",
        ("name", "id", "for people", "region", "sandbox", "made"),
        [
            (
                account.name,
                account.id,
                account.display_name,
                account.default_region,
                account.is_sandbox,
                account.created_at,
            )
            for account in accounts
        ],
    )


@commands.command("show")
def show(account: AccountName, as_json: AsJson = False) -> None:
    """Show an account, its destination policy, and how it calls out."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            resolved = await opened.directory.resolve_originate(found.id)
            return found, resolved, await opened.keys.list_of(found.id)

    found, resolved, keys = run(work())
    trunk, caller_id = resolved.trunk, resolved.caller_id
    document = {
        **as_document(found),
        "defaultTrunk": as_document(trunk),
        "defaultCallerId": None if caller_id is None else caller_id.number,
        "destinationRules": as_document(resolved.rules),
        "keys": as_document(keys),
    }
    if as_json:
        write_json(document)
        return
    write_table(
        f"Account {found.name}",
        ("what", "value"),
        [
            ("id", found.id),
            ("for people", found.display_name),
            ("region", found.default_region),
            ("time zone", found.time_zone),
            ("sandbox", found.is_sandbox),
            ("made", found.created_at),
            ("suspended", found.suspended_at),
            ("default trunk", None if trunk is None else trunk.endpoint),
            ("default caller id", None if caller_id is None else caller_id.number),
            ("may call", [rule.prefix for rule in resolved.rules if rule.is_allowed]),
            ("may not call", [rule.prefix for rule in resolved.rules if not rule.is_allowed]),
            ("keys", [f"{key.name} ({key.hint})" for key in keys if key.revoked_at is None]),
        ],
    )
