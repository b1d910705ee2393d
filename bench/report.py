"""The table for people and the JSON for programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from bench.figure import Better, Figure, Result, Series

RESULTS: Final = Path(__file__).with_name("results")


def write_results(
    path: Path, environment: Mapping[str, Any], results: Mapping[Figure, Result], failures: Mapping[str, str]
) -> None:
    """One key a figure with its plain value, the rest under ``figures``; what failed is in ``failures``, not blank.

    Beside it, with the suffix ``.md``, the table for docs/explanation/performance.md.
    """
    document = {
        **{figure.name: result.value for figure, result in results.items()},
        "environment": environment,
        "figures": {figure.name: _describe(figure, result) for figure, result in results.items()},
        "failures": dict(failures),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    path.with_suffix(".md").write_text(as_markdown(environment, results), encoding="utf-8")


def print_table(
    console: Console, environment: Mapping[str, Any], results: Mapping[Figure, Result], failures: Mapping[str, str]
) -> None:
    """The figures beside their peers."""
    table = Table(title=f"{environment['processor']}, {environment['cores']} cores · {environment['commit'][:12]}")
    for column in ("figure", "value", "of what (median, least … most)", "target", "aim"):
        table.add_column(column, overflow="fold")
    for figure, result in results.items():
        sides = "\n".join(f"{name}: {_span(series)}" for name, series in result.sides.items())
        table.add_row(
            figure.name,
            f"{_number(result.value)} {result.unit}",
            sides,
            _mark(figure.reaches(figure.target, result), str(figure.target)),
            _mark(figure.reaches(figure.aim, result), str(figure.aim)),
        )
    for name, reason in failures.items():
        table.add_row(name, "[bold red]error", reason.replace("[", r"\["), "", "")
    console.print(table)


def as_markdown(environment: Mapping[str, Any], results: Mapping[Figure, Result]) -> str:
    """The table as docs/explanation/performance.md keeps it."""
    lines = [
        (
            f"{environment['date'][:10]}, {environment['processor']}, {environment['cores']} cores, "
            f"{environment['memoryGb']:g} GB, Python {environment['python']}, commit `{environment['commit'][:12]}`"
        ),
        "",
        "| figure | value | made of: median (least … most) | target | aim |",
        "|---|---|---|---|---|",
    ]
    for figure, result in results.items():
        sides = "<br>".join(f"{name}: {_span(series)}" for name, series in result.sides.items())
        goals = (
            f"{'reached' if figure.reaches(goal, result) else 'not reached'} ({_sign(figure)} {goal})"
            for goal in (figure.target, figure.aim)
        )
        lines.append(f"| `{figure.name}` | {_number(result.value)} {result.unit} | {sides} | {' | '.join(goals)} |")
    return "\n".join(lines) + "\n"


def _sign(figure: Figure) -> str:
    return "≥" if figure.better is Better.HIGHER else "≤"


def _describe(figure: Figure, result: Result) -> dict[str, Any]:
    return {
        "value": result.value,
        "unit": result.unit,
        "what": figure.description,
        "beside": figure.beside,
        "better": figure.better.value,
        "target": {"limit": figure.target.limit(result.peer), "reached": figure.reaches(figure.target, result)},
        "aim": {"limit": figure.aim.limit(result.peer), "reached": figure.reaches(figure.aim, result)},
        "sides": {
            name: {
                "unit": series.unit,
                "median": series.median,
                "min": series.least,
                "max": series.most,
                "rounds": series.rounds,
            }
            for name, series in result.sides.items()
        },
        "checked": dict(result.checked),
        "details": dict(result.details),
    }


def _span(series: Series) -> str:
    return f"{_number(series.median)} {series.unit} ({_number(series.least)} … {_number(series.most)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 -- three digits are what it is worth


def _mark(is_reached: bool, text: str) -> str:
    return f"[green]✓ {text}" if is_reached else f"[yellow]✗ {text}"
