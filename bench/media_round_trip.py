"""A sound's way through a media stream: leg, Offhook, the program, and back; beside Asterisk's own ``Echo()``."""

from typing import Final

from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context, in_turn
from bench.media_studio import echo, running_studio, stream


async def run(context: Context) -> Result:
    many = context.count(50, 5)
    seconds = context.seconds(20.0, 3.0)
    async with running_studio(context) as studio:
        measured = await in_turn(
            context,
            {
                "Echo() at 1": lambda: echo(studio, 1, seconds),
                "offhook at 1": lambda: stream(studio, 1, seconds),
                f"Echo() at {many}": lambda: echo(studio, many, seconds),
                f"offhook at {many}": lambda: stream(studio, many, seconds),
            },
        )
    p50 = {name: Series.of("ms p50", [one.p50 for one in rounds]) for name, rounds in measured.items()}
    p99 = {f"{name}, p99": Series.of("ms", [one.p99 for one in rounds]) for name, rounds in measured.items()}
    added = [
        ours.p50 - theirs.p50
        for ours, theirs in zip(measured[f"offhook at {many}"], measured[f"Echo() at {many}"], strict=True)
    ]
    return Result(
        value=Series.of("ms", added).median,
        unit="ms added",
        sides={**p50, **p99},
        peer=p50[f"Echo() at {many}"].median,
        checked={
            "framesThatCameBackInOrder": sum(one.frames for rounds in measured.values() for one in rounds),
            "framesLost": 0,
        },
        details={
            "streams": many,
            "addedAtOneMs": p50["offhook at 1"].median - p50["Echo() at 1"].median,
        },
    )


FIGURE: Final = Figure(
    name="media_round_trip_ms",
    description="a frame's way from a leg over the websocket to a program and back, at 50 streams",
    beside="Asterisk's own Echo() on as many channels",
    better=Better.LOWER,
    target=Goal(40),
    aim=Goal(20),
    run=run,
)
