"""How long a caller goes on hearing a program that has said ``clear``: what it takes to be interrupted.

Beside it what a frame takes to a program and back, through Asterisk's own ``Echo()``: what no interruption can be much
faster than.
"""

from typing import Final

from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn
from bench.media_studio import echo, running_studio, stream

_ECHO: Final = "Echo() at 1"
_OFFHOOK: Final = "offhook at 1"


async def run(context: Context) -> Result:
    """The slowest of all interruptions."""
    times, seconds = context.count(5, 1), context.seconds(3.0, 1.0)
    async with running_studio(context) as studio:
        measured = await in_turn(
            context,
            {
                _ECHO: lambda: echo(studio, 1, seconds),
                _OFFHOOK: lambda: stream(studio, 1, seconds, interruptions=times),
            },
        )
    took = [one for measurement in measured[_OFFHOOK] for one in measurement.interruptions]
    if not took:
        raise BenchError("nothing was interrupted")
    return Result(
        value=max(took),
        unit="ms",
        sides={
            "offhook, from clear to silence": Series.of("ms", took),
            f"{_ECHO}, a frame there and back": Series.of("ms p50", [one.p50 for one in measured[_ECHO]]),
        },
        checked={"interruptions": len(took)},
    )


FIGURE: Final = Figure(
    name="interruption_ms",
    description="what is still heard of a program that has said clear, the slowest of all",
    beside="a frame's way there and back through Asterisk's own Echo()",
    better=Better.LOWER,
    target=Goal(200),
    aim=Goal(100),
    run=run,
)
