"""``python -m bench``: measure, print the table, write ``bench/results/latest.json``.

Exit status 1 when a side of any figure is broken or absent; a goal that is not reached is a finding, not an error.
"""

import argparse
import asyncio
import logging
import sys
import traceback
from pathlib import Path

import structlog
from rich.console import Console

from bench.catalogue import MODULES, load_figure
from bench.environment import describe_environment
from bench.figure import Figure, Result
from bench.harness import BenchError, running_context
from bench.report import RESULTS, print_table, write_results


def main() -> int:
    arguments = _parse_arguments()
    console = Console(highlight=False)
    if arguments.list:
        for name in MODULES:
            figure = load_figure(name)
            console.print(f"[bold]{name}[/bold]  {figure.description}; beside: {figure.beside}")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    names = arguments.only or list(MODULES)
    try:
        return _run(names, is_quick=arguments.quick, console=console)
    except BenchError as error:
        console.print(f"[bold red]{error}")
        return 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", action="append", metavar="NAME", help="this figure; repeat for more")
    parser.add_argument("--list", action="store_true", help="list the figures and end")
    parser.add_argument("--quick", action="store_true", help="short rounds: shows that all sides work, measures little")
    return parser.parse_args()


def _run(names: list[str], *, is_quick: bool, console: Console) -> int:
    import uvloop  # lazily: --list and --help do without

    environment = describe_environment() | {"isQuick": is_quick}
    failures: dict[str, str] = {}
    results: dict[Figure, Result] = uvloop.run(_measure(names, failures, is_quick=is_quick))
    print_table(console, environment, results, failures)
    # A part of the figures, or hasty ones, must not stand where a whole run's are looked for.
    is_whole = set(names) == set(MODULES) and not is_quick
    path: Path = RESULTS / ("latest.json" if is_whole else "partial.json")
    write_results(path, environment, results, failures)
    console.print(f"written to {path}")
    return 1 if failures else 0


async def _measure(names: list[str], failures: dict[str, str], *, is_quick: bool) -> dict[Figure, Result]:
    results: dict[Figure, Result] = {}
    for name in names:
        if name not in MODULES:
            load_figure(name)  # says which there are
    async with running_context(is_quick=is_quick) as context:
        for name in names:
            context.say(f"[bold]{name}")
            try:
                figure = load_figure(name)
                results[figure] = await figure.run(context)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 -- one broken figure is said, and the others are still measured
                traceback.print_exc()
                failures[name] = "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in _leaves(error))
    return results


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors inside of groups of groups: those say what happened."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


if __name__ == "__main__":
    sys.exit(main())
