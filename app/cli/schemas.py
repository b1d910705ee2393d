"""``offhook schema``: what programs are written against, for the version that is installed."""

import sys
from typing import Annotated

import typer

commands = typer.Typer(
    invoke_without_command=True,
    help="Print the GraphQL schema (SDL), or what events look like. All of it is that of this version.",
)


@commands.callback()
def schema(context: typer.Context) -> None:
    """Print the GraphQL schema (SDL); `events`: what events look like."""
    if context.invoked_subcommand is None:
        from app.api.sdl import print_sdl

        sys.stdout.write(print_sdl())


@commands.command("events")
def events(
    python: Annotated[bool, typer.Option("--python", help="As a Python module of TypedDicts.")] = False,
    typescript: Annotated[bool, typer.Option("--typescript", help="As a TypeScript module.")] = False,
) -> None:
    """Print what events look like in webhooks: the JSON Schema of each, or types for an editor to complete.

    The same is served: /schemas/events, /schemas/events.py, /schemas/events.ts.
    """
    import orjson

    from app.facts.catalogue import FACT_TYPES, json_schema
    from app.facts.typings import write_python, write_typescript

    if python and typescript:
        raise typer.BadParameter("one of --python and --typescript")
    if python or typescript:
        sys.stdout.write(write_python() if python else write_typescript())
        return
    schemas = {event_type: json_schema(event_type) for event_type in FACT_TYPES}
    sys.stdout.write(orjson.dumps(schemas, option=orjson.OPT_INDENT_2).decode() + "\n")
