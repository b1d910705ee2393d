"""Whether a full log makes calls slower: set-up with 200,000 calls' worth of rows behind it, beside an empty log."""

from typing import Final

import asyncpg

from bench.calls import Probe, probe, warm_up
from bench.calls_offhook import running_offhook_caller
from bench.far_end import FarEnd, running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn, percentile

FULL: Final = "full log"
EMPTY: Final = "empty log"
_SEED_CALLS: Final = 20
_FILL_SECONDS: Final = 900.0
#: Rows of a call, and the columns in which a copy must differ from its original.
_COPIED: Final = {
    "call": ("id",),
    "leg": ("id", "call_id"),
    "event": ("id", "subject_id"),
    "cdr": ("id", "call_id"),
    "request_key": ("key", "subject_id"),
}


async def run(context: Context) -> Result:
    calls = context.count(200_000, 2_000)
    rate = context.seconds(50.0, 10.0)
    seconds = context.seconds(10.0, 3.0)
    async with running_far_end(context) as far_end:
        full = await context.database()
        rows = await _fill(context, far_end, full, calls)
        other = {"OFFHOOK_NODE": "bench2", "OFFHOOK_ARI_APPLICATION": "offhook2"}
        async with (
            running_offhook_caller(context, far_end, dsn=full) as with_full,
            running_offhook_caller(context, far_end, settings=other) as with_empty,
        ):
            for caller in (with_full, with_empty):
                await warm_up(caller, far_end.wire)

            async def run_full() -> Probe:
                return _require_good(await probe(with_full, far_end.wire, rate, seconds))

            async def run_empty() -> Probe:
                return _require_good(await probe(with_empty, far_end.wire, rate, seconds))

            probes = await in_turn(context, {FULL: run_full, EMPTY: run_empty}, warm_up=False)
    series = {name: Series.of("ms p99", [seen.setup_p99_ms for seen in found]) for name, found in probes.items()}
    return Result(
        value=series[FULL].median / series[EMPTY].median,
        unit="×",
        sides=series,
        checked={"rowsBefore": rows, "callsPlaced": sum(seen.placed for found in probes.values() for seen in found)},
        details={
            "rate": rate,
            "setupP50Ms": {name: [percentile(s.connected_ms, 50) for s in found] for name, found in probes.items()},
            "cpuMsPerCall": {
                name: [1000 * (s.cpu_seconds["service"]) / s.placed for s in found] for name, found in probes.items()
            },
        },
    )


def _require_good(seen: Probe) -> Probe:
    if seen.failures:
        raise BenchError(f"Calls failed: {seen}")
    return seen


async def _fill(context: Context, far_end: FarEnd, dsn: str, calls: int) -> dict[str, int]:
    """Real calls first, then copies of their rows under other ids; gives how many rows there are."""
    async with running_offhook_caller(context, far_end, dsn=dsn) as caller:
        await warm_up(caller, far_end.wire, count=_SEED_CALLS)
    connection = await asyncpg.connect(dsn, timeout=_FILL_SECONDS, command_timeout=_FILL_SECONDS)
    rows: dict[str, int] = {}
    try:
        for table, unique in _COPIED.items():
            columns = [
                row["column_name"]
                for row in await connection.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
                    "AND table_name = $1 AND is_identity = 'NO' AND is_generated = 'NEVER'",
                    table,
                )
                if (table, row["column_name"]) != ("event", "sequence")
            ]
            values = ", ".join(f"{name} || '-' || copy" if name in unique else name for name in columns)
            order = "copy, sequence" if table == "event" else "copy"
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, "  # noqa: S608 -- our own names
                f"generate_series(1, {calls // _SEED_CALLS}) AS copy ORDER BY {order}"
            )
            await connection.execute(f"VACUUM ANALYZE {table}")
            rows[table] = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
            context.say(f"  {rows[table]:,} rows in {table}")
    finally:
        await connection.close(timeout=_FILL_SECONDS)
    return rows


FIGURE: Final = Figure(
    name="full_log_setup_ratio",
    description="set-up p99 at 50 calls/s with the rows of 200,000 calls in the database",
    beside="the same service on an empty database, at the same time",
    better=Better.LOWER,
    target=Goal(1.25),
    aim=Goal(1.1),
    run=run,
)
