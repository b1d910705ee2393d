"""``offhook replay``: a trace done again, and whether it came out as it was recorded."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.accounts import AsJson
from app.cli.output import FAILED, fail, write_json

_LONGEST = 400


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A trace: NDJSON, as downloaded.")],
    as_json: AsJson = False,
) -> None:
    """Do a call's trace again in this version, and show the first thing that comes out otherwise (exit status 1)."""
    from app.calls.traces.replay import UnreadableTraceError
    from app.calls.traces.replay import replay as replay_lines

    try:
        with file.open("rb") as lines:
            done = replay_lines(lines)
    except UnreadableTraceError as error:
        fail(str(error))
    if as_json:
        write_json(done)
    else:
        typer.echo(f"Call {done.call_id}, recorded by Offhook {done.version}")
        typer.echo(f"{done.inputs} inputs done again, {done.facts} facts compared")
        if done.facts_missing:
            typer.echo(f"{done.facts_missing} facts are not in the file, and were not compared")
        if done.dropped:
            typer.echo(f"{done.dropped} lines had been dropped: this is not the whole call")
        if done.stopped_at is not None:
            typer.echo(f"From input {done.stopped_at} on not done again: it has more masked keys than can be tried")
        if done.masked:
            typer.echo(f"Masked in the file, and so in the replayed state: {', '.join(done.masked)}")
        if done.difference is None:
            typer.secho("Equal: the same facts, commands and final state", fg=typer.colors.GREEN)
        else:
            typer.secho(f"Different, first at {done.difference.where}", fg=typer.colors.RED)
            typer.echo(f"  recorded: {_tell(done.difference.recorded)}")
            typer.echo(f"  replayed: {_tell(done.difference.replayed)}")
    if done.difference is not None:
        raise SystemExit(FAILED)


def _tell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
