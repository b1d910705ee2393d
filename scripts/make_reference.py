"""Write the generated pages of docs: the schema, settings, events, error codes, commands, and the list of decisions.

``--check`` writes nothing and says which pages are not the code's (exit status 1).
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import typer.main  # noqa: E402  # the path comes first

from app import errors  # noqa: E402
from app.api.schema import build_schema  # noqa: E402
from app.cli.program import program  # noqa: E402
from app.config import Settings  # noqa: E402
from app.facts.catalogue import FACT_TYPES, graphql_name, json_schema  # noqa: E402
from scripts.make_env_example import describe_default, describe_limits  # noqa: E402
from scripts.reference_schema import render_schema  # noqa: E402

TARGET: Final = ROOT / "docs" / "reference"
#: The folder that holds generated pages only: what should not be there is taken away.
_SCHEMA_FOLDER: Final = "graphql"

#: What comes before any of our own errors could: app/api/errors.py and request_form.py.
_OF_GRAPHQL: Final[Mapping[str, tuple[int, str, str]]] = {
    "GRAPHQL_PARSE_FAILED": (400, "no", "The document is no GraphQL"),
    "GRAPHQL_VALIDATION_FAILED": (400, "no", "The schema does not have what the document asks for"),
    "BAD_USER_INPUT": (400, "no", "A variable's value is not of its type"),
    "TIMEOUT": (200, "yes", "It took too long and was given up; ask with the same idempotency key"),
    "METHOD_NOT_ALLOWED": (405, "no", "Operations come by POST, queries also by GET"),
    "CROSS_SITE": (403, "no", "A page of another site may not send queries by GET"),
    "REQUEST_TIMEOUT": (408, "no", "The request's body did not come in time"),
    "PAYLOAD_TOO_LARGE": (413, "no", "The request is too long"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "no", "The request is no JSON in UTF-8"),
}

#: Settings by how their names begin, in this order; the last takes the rest.
_SETTING_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Database": ("database_",),
    "Asterisk": ("ari_", "stir_shaken_"),
    "Recordings and the store": ("recording", "store_", "job_retention"),
    "Speech, sounds and transcripts": ("transcription", "espeak", "polly_", "speech_", "sound_", "media_url"),
    "Webhooks": ("webhook_",),
    "Media streams": ("media_", "max_media"),
    "One-time passwords and callbacks": ("otp_", "callback_"),
    "Reputation of numbers": ("reputation_",),
    "Calls": (
        "agent_",
        "customer_",
        "max_",
        "channel_",
        "dialplan_",
        "queue_",
        "call_",
        "trace_",
        "spool_",
        "lease_",
    ),
    "The service": ("",),
}

_SETTINGS: Final = """\
# Settings

Every setting is an environment variable, or a line of a file `.env` in the working directory. The environment wins.
Durations are seconds. `offhook doctor` says whether what is set will do."""

_EVENTS: Final = """\
# Events

Every event by its public name, with what is under `data`. [Webhooks](webhooks.md) tells of the envelope,
[ordering](../explanation/ordering.md) of the order. In GraphQL the type is the same name in capitals (`call.ended` is
`CALL_ENDED`). The JSON Schemas are in [events.schema.json](events.schema.json), and a running service has them at
`/schemas/events`.

New events, and new fields of these, may come at any time. A field that may be absent is in *italics*."""

_ERRORS: Final = """\
# Error codes

A mutation that is refused answers with `userErrors`, and nothing was done. A request that fails as a whole has
top-level `errors`, whose `extensions` have `code`, `requestId`, `retryable` and perhaps `retryAfterSeconds`. Decide by
the code: messages are for people, and may change."""

_WHOLE_ERRORS: Final = """
## Errors of a whole request

`retryable` says that the same request may succeed later. The status is that of files, of uploads, and of requests that
are refused before their document is executed. What fails while it is executed is answered with 200 and `errors`, except
`UNAUTHENTICATED` (401) and `RATE_LIMITED` (429), and except 400 for clients that accept
`application/graphql-response+json` and get no data at all."""

_DECISIONS: Final = "../decisions/index.md"

_DECISIONS_PAGE: Final = """\
# Decisions

Choices that a newcomer would question, each on a page: what it was about, what was decided, what follows, and what else
was thought of.

| | decision |
|---|---|"""

_COMMANDS: Final = """\
# The command line

`offhook` is in `.venv/bin`. Results go to standard output and everything else to standard error; with `--json` results
are JSON. Exit status: 0; 1 when it could not be done; 2 when the settings or the command line are wrong; 130 when it
was interrupted. The commands read the same [settings](settings.md) as the service."""


def render() -> dict[str, str]:
    """Each page's text by its path under docs/reference."""
    schema = {f"{_SCHEMA_FOLDER}/{name}": text for name, text in render_schema().items()}
    return {
        "settings.md": _page(_tell_settings()),
        "events.md": _page(_tell_events()),
        "errors.md": _page(_tell_errors()),
        "command-line.md": _page(_tell_commands()),
        _DECISIONS: _page(_tell_decisions()),
        **schema,
    }


def _tell_settings() -> Iterator[str]:
    yield _SETTINGS
    grouped: dict[str, list[str]] = {title: [] for title in _SETTING_GROUPS}
    for name in Settings.model_fields:
        title = next(title for title, beginnings in _SETTING_GROUPS.items() if name.startswith(beginnings))
        grouped[title].append(name)
    for title in ("The service", *(title for title in _SETTING_GROUPS if title != "The service")):
        yield from ("", f"## {title}", "", "| setting | default | what it is |", "|---|---|---|")
        for name in grouped[title]:
            field = Settings.model_fields[name]
            told = " ".join(filter(None, (field.description, describe_limits(field))))
            default = describe_default(name, field)
            shown = f"`{default}`" if default and " " not in default else default
            yield f"| `OFFHOOK_{name.upper()}` | {_cell(shown)} | {_cell(told)} |"


def _tell_events() -> Iterator[str]:
    yield _EVENTS
    definitions: dict[str, dict[str, Any]] = {}
    grouped: dict[str, list[str]] = {}
    for event_type in FACT_TYPES:
        grouped.setdefault(event_type.partition(".")[0], []).append(event_type)
    for group, event_types in grouped.items():
        yield from ("", f"## {group}")
        for event_type in event_types:
            schema = json_schema(event_type)
            definitions |= schema["$defs"]
            fact = schema["$defs"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]
            yield from ("", f"### `{event_type}`", "", _sentences(schema["description"]), "")
            yield f"GraphQL: `{graphql_name(event_type)}`."
            yield from _tell_properties(fact)
    facts = {fact.__name__ for fact in FACT_TYPES.values()}
    yield from ("", "## Structures")
    for name, schema in sorted(definitions.items()):
        if name in facts:
            continue
        yield from ("", f"### `{name}`", "", _sentences(schema.get("description", "")))
        if "enum" in schema:
            yield from ("", "One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".")
        else:
            yield from _tell_properties(schema)


def _tell_properties(schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema.get("properties", {})
    if not properties:
        return
    required = set(schema.get("required", ()))
    yield from ("", "| field | type |", "|---|---|")
    for name, part in properties.items():
        shown = f"`{name}`" if name in required else f"*`{name}`*"
        kind = _tell_kind(part)
        # The facts hold instants as text, which their schema repeats.
        yield f"| {shown} | {kind.replace('string', 'instant') if name.endswith('At') else kind} |"


def _tell_kind(part: Mapping[str, Any]) -> str:
    match part:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(ways)}:
            return " or ".join(_tell_kind(way) for way in ways)
        case {"const": value}:
            return f"`{str(value).lower()}`"
        case {"type": "array", "items": dict(items)}:
            return f"list of {_tell_kind(items)}"
        case {"type": list(kinds)}:
            return " or ".join(kinds)
        case {"type": "string", "format": "date-time"}:
            return "instant"
        case {"type": str(kind)}:
            return kind
        case _:
            return "anything"


def _tell_errors() -> Iterator[str]:
    yield _ERRORS
    yield from ("", "## `userErrors`", "", "| code | means |", "|---|---|")
    user_errors: Any = build_schema()._schema.type_map["UserErrorCode"]  # noqa: SLF001  # as in reference_schema
    for name, value in user_errors.values.items():
        yield f"| `{name}` | {_cell(value.description)} |"
    yield _WHOLE_ERRORS
    yield from ("", "| code | HTTP | retryable | means |", "|---|---|---|---|")
    seen = set()
    for error in _public_errors():
        if error.code not in seen:
            seen.add(error.code)
            summary = _sentences(inspect.getdoc(error) or "").split(". ")[0].rstrip(".")
            told = "A mistake of Offhook's: report it with the `requestId`" if error.code == "INTERNAL" else summary
            yield f"| `{error.code}` | {error.http_status} | {'yes' if error.retryable else 'no'} | {_cell(told)}. |"
    for code, (status, retryable, told) in _OF_GRAPHQL.items():
        yield f"| `{code}` | {status} | {retryable} | {told}. |"


def _public_errors() -> Iterable[type[errors.OffhookError]]:
    """Those that reach a caller by themselves: not what becomes `userErrors`, nor what only an operator sees."""
    hidden = {errors.RefusedError, errors.ConfigurationError}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.OffhookError) and one not in hidden:
            yield one


def _tell_commands() -> Iterator[str]:
    yield _COMMANDS
    yield from _tell_command(typer.main.get_command(program), ("offhook",))


def _tell_command(command: Any, path: Sequence[str]) -> Iterator[str]:
    commands: Mapping[str, Any] = getattr(command, "commands", {})
    if commands:
        for name, one in commands.items():
            if not one.hidden:
                yield from _tell_command(one, (*path, name))
        return
    yield from ("", f"## `{' '.join(path)}`", "", _sentences(command.help or ""))
    rows = [_tell_parameter(one) for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]
    if rows:
        yield from ("", "| takes | what it is |", "|---|---|", *rows)


def _tell_parameter(parameter: Any) -> str:
    told = " ".join((parameter.help or "").split())
    if not parameter.opts[0].startswith("-"):
        return f"| `{parameter.metavar or parameter.name.upper()}` | {_cell(told)} |"
    kind = parameter.type_descriptor.annotation
    kind = get_args(kind)[0] if get_origin(kind) is list else kind
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        told += " One of " + ", ".join(f"`{one.value}`" for one in kind) + "."
    if parameter.default not in (None, False, "", ()):
        told += f" Default: `{parameter.default}`."
    flags = ", ".join(f"`{one}`" for one in parameter.opts)
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.opts[0].lstrip('-').upper()}"
    return f"| {flags}{value} | {_cell(told)} |"


def _tell_decisions() -> Iterator[str]:
    yield _DECISIONS_PAGE
    for path in sorted((TARGET.parent / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        number, text = re.split(r"[.:] ", title, maxsplit=1)
        yield f"| {int(number)} | [{text}]({path.name}) |"


def _sentences(text: str) -> str:
    """A docstring as Markdown: reStructuredText's code marks are Markdown's, lines that wrap are one."""
    plain = inspect.cleandoc(text).replace("``", "`")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", plain)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def find_drift(wanted: Mapping[str, str]) -> list[str]:
    """The pages that are missing, not the code's, or should not be there."""
    there = {f"{_SCHEMA_FOLDER}/{path.name}" for path in (TARGET / _SCHEMA_FOLDER).glob("*")}
    differing = {
        name
        for name, text in wanted.items()
        if not (TARGET / name).exists() or (TARGET / name).read_text(encoding="utf-8") != text
    }
    return sorted(differing | (there - set(wanted)))


def main() -> int:
    """Write, or compare; the exit status."""
    wanted = render()
    drift = find_drift(wanted)
    if "--check" in sys.argv[1:]:
        if drift:
            print(f"docs/reference is not the code's ({', '.join(drift)}): run make schema", file=sys.stderr)
        return 1 if drift else 0
    for name in drift:
        path = TARGET / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
