"""``offhook limits …``, ``offhook account suspend`` and ``resume``: what only the operator may grant, and take."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from app.cli import accounts
from app.cli.accounts import AccountName, AsJson
from app.cli.output import FAILED, note, run, write_json, write_table
from app.errors import Problem, RefusedError

if TYPE_CHECKING:
    from app.cli.opened import Opened
    from app.services.usage import UsageStage
    from app.usage.service import Limits

commands = typer.Typer(no_args_is_help=True, help="Limits: how much an account may call, and what its calls cost.")

_NONE: Final = "none"
Amount = Annotated[str | None, typer.Option(metavar="N|none", help="Without this it stays as it is.")]


@commands.command("show")
def show(account: AccountName, as_json: AsJson = False) -> None:
    """Show what an account may use, and what it uses just now."""

    async def work() -> Any:
        async with _opened() as (opened, usage):
            return await usage.limits.read((await opened.find_account(account)).id)

    _write(run(work()), account, as_json=as_json)


@commands.command("set")
def set_limits(
    account: AccountName,
    calls_per_second: Amount = None,
    concurrent_calls: Amount = None,
    daily_spend: Annotated[
        str | None, typer.Option(metavar="AMOUNT|none", help="What a day's calls may cost, such as 250.00.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Of its prices and its daily spend; USD at first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Grant an account so much, at once. Its own keys may go below that, never above."""
    # Imported late, here and below: --help must not wait for a database driver.
    from app.usage.rates import read_money
    from app.usage.service import LimitChanges

    async def work() -> Any:
        changes = LimitChanges()
        if calls_per_second is not None:
            changes["calls_per_second"] = _read_count(calls_per_second, "callsPerSecond")
        if concurrent_calls is not None:
            changes["concurrent_calls"] = _read_count(concurrent_calls, "concurrentCalls")
        if daily_spend is not None:
            changes["daily_spend_micros"] = None if daily_spend == _NONE else read_money(daily_spend, ("dailySpend",))
        async with _opened() as (opened, usage):
            return await usage.limits.grant((await opened.find_account(account)).id, changes, currency=currency)

    _write(run(work()), account, as_json=as_json)


@commands.command("rates")
def rates(
    account: AccountName,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="CSV with the columns prefix, price_per_minute, and as wanted connection_fee, minimum_seconds, "
            "increment_seconds, label. It replaces all prices. Without a file they are shown.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set or show what an account's calls cost: prices by prefix, of which the longest counts."""
    from app.usage.rates import money_of, read_rates

    async def work() -> Any:
        given = None
        if file is not None:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                given = read_rates(csv.DictReader(lines))
        async with _opened() as (opened, usage):
            found = await opened.find_account(account)
            if given is not None:
                await usage.limits.set_rates(found.id, given)
            return await usage.limits.rates_of(found.id)

    found = run(work())
    if as_json:
        write_json(found)
    elif file is not None:
        typer.echo(f"{len(found)} prefixes have a price.")
    else:
        write_table(
            "Rates",
            ("prefix", "a minute", "when answered", "at least", "in steps of", "label"),
            [
                (
                    rate.prefix,
                    f"{money_of(rate.minute_micros):f}",
                    f"{money_of(rate.fee_micros):f}",
                    f"{rate.minimum_seconds} s",
                    f"{rate.increment_seconds} s",
                    rate.label,
                )
                for rate in found
            ],
        )


@accounts.commands.command("suspend")
def suspend(
    account: AccountName,
    reason: Annotated[str | None, typer.Option(help="Why, for people; the account's own are told.")] = None,
    end_calls: Annotated[
        bool, typer.Option("--end-calls", help="Hang up all of its live calls, not only those that are being set up.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The kill switch: nothing is dialled for the account, nothing comes in, and its keys are refused."""

    async def work() -> Any:
        async with _opened() as (opened, usage):
            found = await opened.find_account(account)
            is_news = await usage.suspensions.suspend(None, found.id, reason=reason, ends_calls=end_calls)
            ended = await usage.hangups.end_all(found.id, with_talks=end_calls)
            return {
                "isNews": is_news,
                "endedCallIds": list(ended.call_ids),
                "failedCount": ended.failed,
            }

    done = run(work())
    if as_json:
        write_json(done)
    else:
        typer.echo(f"{account} is suspended." if done["isNews"] else f"{account} was suspended already.")
        if done["endedCallIds"]:
            typer.echo(f"{len(done['endedCallIds'])} calls are ending.")
    if done["failedCount"]:
        note(f"{done['failedCount']} calls could not be reached just now: run this once more.")
        raise typer.Exit(FAILED)


@accounts.commands.command("resume")
def resume(
    account: AccountName,
    reason: Annotated[str | None, typer.Option(help="Why, for the account's audit log.")] = None,
    as_json: AsJson = False,
) -> None:
    """Resume an account that was suspended."""

    async def work() -> Any:
        async with _opened() as (opened, usage):
            found = await opened.find_account(account)
            return {"isNews": await usage.suspensions.resume(None, found.id, reason=reason)}

    done = run(work())
    if as_json:
        write_json(done)
        return
    typer.echo(f"{account} is resumed." if done["isNews"] else f"{account} was not suspended.")


def _read_count(text: str, field: str) -> int | None:
    if text == _NONE:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 -- more is beyond any limit
        raise RefusedError(Problem("INVALID_INPUT", "Give a whole number, or none.", (field,)))
    return int(text)


@asynccontextmanager
async def _opened() -> "AsyncIterator[tuple[Opened, UsageStage]]":
    from app.calls.core.ending import has_ended
    from app.calls.reading.queries import CallQueries
    from app.cli.opened import opened_services
    from app.clock import SystemClock
    from app.config import load_settings
    from app.events.bus import Bus
    from app.events.log import EventLog
    from app.reaching.remote import RemoteCalls
    from app.services.usage import UsageStage
    from app.webhooks.enqueue import Enqueuer
    from app.webhooks.schedule import Schedule

    async with opened_services() as opened:
        database, clock = opened.database, SystemClock()
        enqueuer = Enqueuer(clock, Schedule(load_settings().webhook_schedule_seconds))
        log, queries = EventLog(database, hooks=[enqueuer.enqueue]), CallQueries(database)
        remote = RemoteCalls(database, Bus(database))

        async def hang_up(principal: Any, call_id: str) -> Any:
            call = await queries.get(principal.account_id, call_id)
            if call is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such call.", ("callId",)))
            if call.is_ended:
                raise has_ended(call)
            return await remote.hang_up(call.node, principal, call_id)

        yield opened, UsageStage.open(database, log, opened.audit, clock, queries=queries, hang_up=hang_up)


def _write(limits: "Limits", account: str, *, as_json: bool) -> None:
    from app.usage.rates import money_of

    if as_json:
        write_json(limits)
        return

    def money(micros: int | None) -> str | None:
        return None if micros is None else f"{money_of(micros):f} {limits.currency}"

    caps, granted = limits.caps, limits.granted
    write_table(
        f"Limits of {account}",
        ("what", "holds", "granted", "in use"),
        [
            ("calls per second", caps.calls_per_second, granted.calls_per_second, None),
            ("concurrent calls", caps.concurrent_calls, granted.concurrent_calls, limits.concurrent_calls),
            (
                f"spend on {limits.day} ({limits.time_zone})",
                money(caps.daily_spend_micros),
                money(granted.daily_spend_micros),
                f"{money(limits.spent_micros)}, and {money(max(0, limits.held_micros))} reserved",
            ),
            ("prefixes with a price", limits.rates, None, None),
            ("suspended", limits.suspended_at, limits.suspended_by, limits.suspension_reason),
        ],
    )
