"""The call as a person reads it: one line an event, with the seconds since the call was asked for."""

from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Where the name of an event begins.
_INDENT: Final = 18
#: The reason that this very story ends for: whoever reads it has not hung up.
_EXPLAINED: Final = {"API_HANGUP": " (the demo's own hangupCall; neither phone hung up)"}
#: What ITU-T Q.850 calls the causes that the demo's phones can be hung up with.
_CAUSES: Final = {16: "normal clearing", 17: "user busy", 19: "no answer", 21: "call rejected"}
_COLOURS = {"CALL": "bold cyan", "LEG": "green", "RECORDING": "magenta", "DTMF": "yellow"}


def show_event(console: Console, event: dict[str, Any], began: datetime) -> None:
    """Print one event's line."""
    seconds = (datetime.fromisoformat(event["timestamp"]) - began).total_seconds()
    line = Text(f"  {seconds:7.3f} s  ")
    line.append(f"{event['callSequence']:>3}  ", style="dim")
    line.append(f"{event['type']:<20}", style=_COLOURS.get(event["type"].split("_")[0], ""))
    line.append(_detail(event))
    console.print(line)


def show_remark(console: Console, text: str) -> None:
    """Print what is no event, between the events."""
    console.print(f"{'':<{_INDENT}}{text}", style="dim italic", highlight=False)


def show_record(console: Console, cdr: dict[str, Any]) -> None:
    """Print a call detail record."""
    table = Table(title="Call detail record", title_justify="left", show_header=False, box=None, padding=(0, 2))
    for name in (
        "id",
        "disposition",
        "direction",
        "extension",
        "dialledNumber",
        "callerId",
        "createdAt",
        "connectedAt",
        "endedAt",
        "ringSeconds",
        "talkSeconds",
        "durationSeconds",
        "source",
    ):
        value = cdr[name]
        table.add_row(name, value["number"] if isinstance(value, dict) else str(value))
    code, party = cdr["endReason"]["code"], cdr["endReason"]["party"]
    table.add_row("endReason", f"{code} by {party}{_EXPLAINED.get(code, '')}")
    console.print(table)


def _detail(event: dict[str, Any]) -> str:
    leg = event.get("leg")
    parts = []
    if leg:
        party = leg["party"]
        who = party.get("number") or party.get("extension") or ""
        parts.append(f"{leg['role'].lower()} {who}".strip())
    if event.get("mode"):
        parts.append(event["mode"])
    if event.get("durationSeconds") is not None:
        parts.append(f"{event['durationSeconds']:.2f} s")
    if event.get("disposition"):
        parts.append(event["disposition"])
    if event.get("hangupCause") is not None:
        cause = event["hangupCause"]
        parts.append(f"cause {cause}, {_CAUSES[cause]}" if cause in _CAUSES else f"cause {cause}")
    return " · ".join(parts)
