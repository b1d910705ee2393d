"""``offhook account …``."""

from typing import Annotated, Any, Final

import typer

from app.cli.output import as_document, note, run, write_json, write_table
from app.terminal import own_command

commands = typer.Typer(no_args_is_help=True, help="Accounts: the tenants of this Offhook.")

#: Which rules stand together: what they say, and whether they are the account's own.
_RULE_ROWS: Final = {
    "granted": (True, False),
    "not granted": (False, False),
    "allows itself": (True, True),
    "denies itself": (False, True),
}

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
        typer.Option(
            metavar="DESTINATION", help="Prefix or country that may be called, such as +1 or GB; repeat for more."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account. It may call nobody but the prefixes and countries that are allowed."""
    # Imported late, here and below: --help must not wait for a database driver.
    from app.cli.opened import opened_services
    from app.routing.policies import read_rule

    async def work() -> Any:
        async with opened_services() as opened:
            rules = [read_rule(one, is_allowed=True) for one in allow or ()]
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
    note(f"Next: {own_command()} key create {account.name} --name CRM")


@commands.command("grant")
def grant(
    account: AccountName,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="DESTINATION", help="Prefix or country that may be called; repeat for more."),
    ] = None,
    deny: Annotated[
        list[str] | None,
        typer.Option(metavar="DESTINATION", help="Prefix or country that may not be called; repeat for more."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grant an account which numbers it may call, in place of what was granted before.

    The longest prefix wins, a country wins against its own calling code, and what is not named is denied. Premium-rate,
    satellite and other special numbers must be named: +1900, +8816. The account's own rules narrow this and stay. The
    sandbox's made-up numbers stay granted to the sandbox.
    """
    from app.cli.opened import opened_services
    from app.errors import Problem, RefusedError
    from app.numbers.parse import SANDBOX_PREFIX
    from app.routing.policies import read_rule

    async def work() -> Any:
        async with opened_services() as opened:
            rules = [
                *(read_rule(one, is_allowed=True) for one in allow or ()),
                *(read_rule(one, is_allowed=False) for one in deny or ()),
            ]
            found = await opened.find_account(account)
            if found.is_sandbox and not any(rule.is_allowed and rule.prefix == SANDBOX_PREFIX for rule in rules):
                message = (
                    f"The sandbox calls its made-up numbers, {SANDBOX_PREFIX}…: allow these too. "
                    f"For real numbers make an account: {own_command()} account create NAME --allow +1"
                )
                raise RefusedError(Problem("DESTINATION_DENIED", message))
            await opened.policies.set_rules(found.id, rules)
            return await opened.policies.read(found.id)

    rules = run(work())
    if as_json:
        write_json(rules)
        return
    allowed = [rule.country or rule.prefix for rule in rules if rule.is_allowed and not rule.is_own]
    typer.echo(f"May call now: {', '.join(allowed) or 'nobody'}.")


@commands.command("retention")
def retention(
    account: AccountName,
    recordings: Annotated[
        float | None,
        typer.Option(help="Days for which recordings are kept; 0 for ever. Left out: as the service does."),
    ] = None,
    voicemails: Annotated[float | None, typer.Option(help="The same of messages that callers left.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say for how long an account's recordings are kept, also those that there are, in place of the term before."""
    from app.accounts.service import Retention
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            await opened.accounts.set_retention(found.id, Retention(recordings, voicemails))
            return await opened.accounts.retention(found.id)

    kept = run(work())
    if as_json:
        write_json(kept)
        return
    typer.echo(f"Recordings are kept {_tell_days(kept.recording_days)}, voicemails {_tell_days(kept.voicemail_days)}.")


def _tell_days(days: float | None) -> str:
    if days is None:
        return "as OFFHOOK_RECORDING_RETENTION_DAYS says"
    return f"{days:g} days" if days else "for ever"


@commands.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all accounts, whether they are suspended, and how many live calls each has."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            return await opened.accounts.list_all(), await opened.accounts.count_live_calls()

    accounts, live_calls = run(work())
    if as_json:
        write_json([{**as_document(account), "liveCalls": live_calls.get(account.id, 0)} for account in accounts])
        return
    write_table(
        "Accounts",
        ("name", "id", "for people", "region", "sandbox", "made", "suspended", "live calls"),
        [
            (
                account.name,
                account.id,
                account.display_name,
                account.default_region,
                account.is_sandbox,
                account.created_at,
                account.suspended_at,
                live_calls.get(account.id, 0),
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
            *(
                (
                    words,
                    [rule.country or rule.prefix for rule in resolved.rules if (rule.is_allowed, rule.is_own) == of],
                )
                for words, of in _RULE_ROWS.items()
            ),
            ("keys", [f"{key.name} ({key.hint})" for key in keys if key.revoked_at is None]),
        ],
    )


@commands.command("allow-list")
def allow_list(
    account: AccountName,
    ip: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="Network that all keys and tokens may be used from; repeat for more."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Let them be used from anywhere again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say from where an account may be used; without options, show it. What runs hears of it at once."""
    from app.cli.opened import opened_services

    async def work() -> Any:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            lists = opened.access.allow_lists
            return await (lists.set(found.id, ip or ()) if ip or clear else lists.of_account(found.id))

    networks = run(work())
    if as_json:
        write_json(list(networks))
    else:
        typer.echo("\n".join(networks) or "anywhere")
