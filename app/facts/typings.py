"""The events as types of Python and of TypeScript, from the JSON Schemas that are served: what an IDE completes."""

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from app.facts.catalogue import FACT_TYPES, json_schema

_WIDTH: Final = 100
_REF: Final = "#/$defs/"
_OPEN: Final = "Expect values that are not named here: lists of values grow."
#: What the events have in common; their ``type`` and ``data`` tell them apart.
_OWN: Final = frozenset({"type", "data", "signedUrl"})
_INTRODUCTION: Final = (
    "The events of Offhook, as webhooks carry them. Generated: `offhook schema events` writes this file for the "
    "version that you run. Fields are added over time, and types of events."
)

Schema = Mapping[str, Any]


def write_python() -> str:
    """A module with a TypedDict for each event, and their union, ``OffhookEvent``. It needs Python 3.11."""
    definitions, events = _collect()
    parts = [
        _docstring(_INTRODUCTION, 0),
        "from typing import Literal, NotRequired, TypeAlias, TypedDict",
    ]
    for name, definition in definitions.items():
        if "enum" in definition:
            values = ", ".join(json.dumps(value) for value in definition["enum"])
            about = _fold(f"{definition.get('description', '')} {_OPEN}".strip(), 0, "# ")
            parts.append(f"# {about}\n{name}: TypeAlias = Literal[{values}]")
        else:
            parts.append(_write_typed_dict(name, "TypedDict", definition, definition["properties"]))
    first = next(iter(events.values()))
    shared = {name: one for name, one in first["properties"].items() if name not in _OWN}
    envelope = {**first, "description": "What every event has."}
    parts.append(_write_typed_dict("Envelope", "TypedDict", envelope, shared))
    for name, event in events.items():
        own = {key: one for key, one in event["properties"].items() if key in _OWN}
        parts.append(_write_typed_dict(name, "Envelope", event, own))
    union = "\n    | ".join(events)
    parts.append(f"#: `type` tells them apart.\nOffhookEvent: TypeAlias = (\n    {union}\n)")
    return "\n\n\n".join(parts) + "\n"


def write_typescript() -> str:
    """A module with an interface for each event, and their union, ``OffhookEvent``."""
    definitions, events = _collect()
    parts = [_comment(_INTRODUCTION, "")]
    for name, definition in definitions.items():
        if "enum" in definition:
            # The last one keeps the union open without hiding the others from completion.
            values = "\n  | ".join([*(json.dumps(value) for value in definition["enum"]), "(string & {})"])
            about = _comment(f"{definition.get('description', '')} {_OPEN}".strip(), "")
            parts.append(f"{about}export type {name} =\n  | {values};")
        else:
            parts.append(_write_interface(name, "", definition, definition["properties"]))
    first = next(iter(events.values()))
    shared = {name: one for name, one in first["properties"].items() if name not in _OWN}
    parts.append(_write_interface("Envelope", "", {**first, "description": "What every event has."}, shared))
    for name, event in events.items():
        own = {key: one for key, one in event["properties"].items() if key in _OWN}
        parts.append(_write_interface(name, " extends Envelope", event, own))
    union = "\n  | ".join(events)
    parts.append(f"/** `type` tells them apart. */\nexport type OffhookEvent =\n  | {union};")
    parts.append(
        '/** The event of a type: `EventOf<"call.ended">`. */\n'
        'export type EventOf<T extends OffhookEvent["type"]> = Extract<OffhookEvent, { type: T }>;'
    )
    return "\n\n".join(part.rstrip("\n") if part is parts[0] else part for part in parts) + "\n"


def _collect() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """All definitions by name, and the events by the name of their type: what they hold, and ``Event``."""
    definitions: dict[str, Schema] = {}
    events: dict[str, Schema] = {}
    for event_type, fact in FACT_TYPES.items():
        schema = json_schema(event_type)
        definitions.update(schema["$defs"])
        events[f"{fact.__name__}Event"] = schema
    ordered: dict[str, Schema] = {}
    for name in sorted(definitions, key=lambda name: ("enum" not in definitions[name], name)):
        _put_in_order(name, definitions, ordered)
    return ordered, events


def _put_in_order(name: str, definitions: Mapping[str, Schema], ordered: dict[str, Schema]) -> None:
    """After all that it is made of, as a class of Python's has to be."""
    if name in ordered:
        return
    for part in _references(definitions[name]):
        _put_in_order(part, definitions, ordered)
    ordered[name] = definitions[name]


def _references(schema: object) -> Iterator[str]:
    match schema:
        case {"$ref": str(ref)}:
            yield ref.removeprefix(_REF)
        case dict():
            for one in schema.values():
                yield from _references(one)
        case list():
            for one in schema:
                yield from _references(one)


def _write_typed_dict(name: str, base: str, schema: Schema, properties: Mapping[str, Schema]) -> str:
    about = _docstring(schema["description"], 4) + "\n" if schema.get("description") else ""
    fields = [
        f"    {key}: {_optional(_python(one), key in schema['required'])}{_beside(one, '  # ')}"
        for key, one in properties.items()
    ]
    return "\n".join(
        [f"class {name}({base}):", *filter(None, [about]), *(fields or ["    pass"] * (not about))]
    ).rstrip("\n")


def _write_interface(name: str, base: str, schema: Schema, properties: Mapping[str, Schema]) -> str:
    lines = [f"{_comment(schema.get('description', ''), '')}export interface {name}{base} {{"]
    for key, one in properties.items():
        mark = "" if key in schema["required"] else "?"
        lines.append(f"{_comment(one.get('description', ''), '  ')}  {key}{mark}: {_typescript(one)};")
    return "\n".join([*lines, "}"])


def _optional(written: str, is_required: bool) -> str:
    return written if is_required else f"NotRequired[{written}]"


def _python(schema: Schema) -> str:
    simple = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
    return _write(
        schema,
        simple,
        lambda value: f"Literal[{value if value is True else json.dumps(value)}]",
        lambda item: f"list[{item}]",
    )


def _typescript(schema: Schema) -> str:
    simple = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
    return _write(schema, simple, json.dumps, lambda item: f"Array<{item}>")


def _write(
    schema: Schema, simple: Mapping[str, str], write_const: Callable[[Any], str], write_list: Callable[[str], str]
) -> str:
    """A type in one of the languages; a form of schema that there is none of today is a KeyError, here and in tests."""

    def write(one: Schema) -> str:
        match one:
            case {"$ref": str(ref)}:
                return ref.removeprefix(_REF)
            case {"const": value}:
                return write_const(value)
            case {"anyOf": list(choices)}:
                return " | ".join(map(write, choices))
            case {"type": "array", "items": dict(items)}:
                return write_list(write(items))
            case {"type": list(kinds)}:
                return " | ".join(simple[kind] for kind in kinds)
            case _:
                return simple[one["type"]]

    return write(schema)


def _fold(text: str, indent: int, prefix: str = "") -> str:
    lines = textwrap.wrap(" ".join(text.split()), _WIDTH - indent)
    return f"\n{' ' * indent}{prefix}".join(lines)


def _docstring(text: str, indent: int) -> str:
    folded = _fold(text, indent)
    end = f"\n{' ' * indent}" if "\n" in folded else ""
    return f'{" " * indent}"""{folded}{end}"""'


def _beside(schema: Schema, mark: str) -> str:
    description = schema.get("description")
    return f"{mark}{' '.join(description.split())}" if description else ""


def _comment(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(" ".join(text.split()), _WIDTH - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]) + "\n"
