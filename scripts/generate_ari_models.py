"""Turn Asterisk's own description of ARI into `app/ari/_generated/`.

Two steps, so that a check needs no Asterisk:

1. `--source DIR` reads an installed Asterisk's `rest-api/*.json` and reduces it to
   `asterisk/rest-api/description.json`: names, types and what is required, without a word of prose.
   (Asterisk's files are GPLv2; what an interface is called and shaped like is a fact.)
2. Without `--source` the Python modules are written from that reduced description.

`--check` writes nothing and fails when a committed file differs from what would be written. With `--source`
as well, it also fails when that Asterisk describes something else than the committed description.

    python scripts/generate_ari_models.py --source /usr/share/asterisk/rest-api --asterisk-version 22.10.1
    python scripts/generate_ari_models.py --check
"""

import argparse
import json
import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "asterisk" / "rest-api" / "description.json"
GENERATED = ROOT / "app" / "ari" / "_generated"

SCALARS = {
    "string": "str",
    "int": "int",
    "long": "int",
    "double": "float",
    "boolean": "bool",
    "Date": "datetime",
    "object": "dict[str, Any]",
}
# Asterisk's file calls it an event, but it answers a request sent over the socket, and we send none there.
# The base classes of the event tree become our own bases.
NOT_GENERATED = {"Message", "Event", "MissingParams", "RESTRequest", "RESTResponse", "RESTHeader",
                 "RESTQueryStringParameter", "Dialed", "ConfigTuple", "Variables"}  # fmt: skip
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model as Python: its name, the name on the wire, its type, whether it may be missing."""

    name: str
    wire_name: str
    annotation: str
    is_required: bool


def reduce_description(source: Path, version: str) -> Json:
    """Read Asterisk's resource files and keep the facts only."""
    models: Json = {}
    operations: list[Json] = []
    files = sorted(path for path in source.glob("*.json") if path.name != "resources.json")
    if not files:
        raise SystemExit(f"no rest-api descriptions in {source}")
    for path in files:
        document = json.loads(path.read_text())
        for name, model in document.get("models", {}).items():
            models[name] = reduce_model(model)
        for api in document["apis"]:
            operations += [reduce_operation(api["path"], operation) for operation in api["operations"]]
    return {
        "asterisk": version,
        "models": dict(sorted(models.items())),
        "operations": sorted(operations, key=lambda operation: (operation["path"], operation["method"])),
    }


def reduce_model(model: Json) -> Json:
    fields: Json = {}
    for name, prop in model.get("properties", {}).items():
        fields[name] = {"type": prop["type"], "required": bool(prop.get("required"))}
        if "values" in prop.get("allowableValues", {}):
            fields[name]["values"] = prop["allowableValues"]["values"]
    reduced: Json = {"fields": fields}
    if model.get("subTypes"):
        reduced["subTypes"] = sorted(model["subTypes"])
    return reduced


def reduce_operation(path: str, operation: Json) -> Json:
    parameters: Json = {}
    for parameter in operation.get("parameters", []):
        reduced: Json = {
            "in": parameter["paramType"],
            "type": parameter["dataType"],
            "required": bool(parameter.get("required")),
        }
        if "values" in parameter.get("allowableValues", {}):
            reduced["values"] = parameter["allowableValues"]["values"]
        parameters[parameter["name"]] = reduced
    return {
        "method": operation["httpMethod"],
        "path": path,
        "name": operation["nickname"],
        "answers": operation["responseClass"],
        "errors": sorted(int(error["code"]) for error in operation.get("errorResponses", [])),
        "parameters": parameters,
    }


def annotate(wire_type: str, *, prefix: str = "") -> str:
    match = re.fullmatch(r"List\[(\w+)\]", wire_type)
    if match:
        return f"tuple[{annotate(match[1], prefix=prefix)}, ...]"
    return SCALARS.get(wire_type) or f"{prefix}{wire_type}"


def python_name(wire_name: str) -> str:
    return f"{wire_name}_" if keyword.iskeyword(wire_name) else wire_name


def fields_of(model: Json, *, prefix: str = "") -> Iterator[Field]:
    for wire_name, fact in model["fields"].items():
        yield Field(
            name=python_name(wire_name),
            wire_name=wire_name,
            annotation=annotate(fact["type"], prefix=prefix),
            is_required=fact["required"],
        )


def write_field(field: Field) -> str:
    is_renamed = field.name != field.wire_name
    match field.is_required, is_renamed:
        case True, False:
            return f"    {field.name}: {field.annotation}"
        case True, True:
            return f'    {field.name}: {field.annotation} = msgspec.field(name="{field.wire_name}")'
        case False, False:
            return f"    {field.name}: {field.annotation} | None = None"
        case _:
            return (
                f'    {field.name}: {field.annotation} | None = msgspec.field(default=None, name="{field.wire_name}")'
            )


def write_struct(name: str, model: Json, *, base: str, options: str, prefix: str = "") -> list[str]:
    lines = ["", "", f"class {name}({base}, {options}):"]
    body = [write_field(field) for field in fields_of(model, prefix=prefix)]
    return lines + (body or ["    pass"])


def in_order_of_use(models: Json, names: list[str]) -> list[str]:
    """A model comes after the ones its fields name, so that annotations need no quotes."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        for fact in models[name]["fields"].values():
            used = re.sub(r"^List\[(\w+)\]$", r"\1", fact["type"])
            if used in names:
                visit(used)
        ordered.append(name)

    for name in names:
        visit(name)
    return ordered


def header(description: Json, purpose: str) -> list[str]:
    return [
        f'"""{purpose}',
        "",
        f"Generated by scripts/generate_ari_models.py from what Asterisk {description['asterisk']} says of itself.",
        "Do not edit: `make check` writes it again and compares.",
        "",
        "Unknown fields are ignored; an instant carries the offset Asterisk sent.",
        '"""',
        "",
    ]


def write_enums(models: Json, names: list[str]) -> list[str]:
    """Write the words a field may hold. The field itself stays `str`: a newer Asterisk may know more of them."""
    lines: list[str] = []
    for name in names:
        for field_name, fact in models[name]["fields"].items():
            if "values" not in fact:
                continue
            words = "".join(part.capitalize() for part in field_name.split("_"))
            enum_name = words if words.startswith(name) else f"{name}{words}"
            lines += ["", "", f"class {enum_name}(StrEnum):"]
            lines += [f'    {re.sub(r"[^A-Z0-9]+", "_", str(value).upper())} = "{value}"' for value in fact["values"]]
    return lines


def write_resources(description: Json, names: list[str]) -> str:
    models = description["models"]
    lines = header(description, "What ARI answers with: channels, bridges, recordings and the rest.")
    lines += [
        "from datetime import datetime",
        "from enum import StrEnum",
        "from typing import Any",
        "",
        "import msgspec",
    ]
    lines += write_enums(models, names)
    for name in in_order_of_use(models, names):
        lines += write_struct(name, models[name], base="msgspec.Struct", options="frozen=True, kw_only=True, gc=False")
    return "\n".join(lines) + "\n"


def write_events(description: Json, event_names: list[str]) -> str:
    models = description["models"]
    lines = header(description, "What ARI tells us: one class per event type, and `KnownEvent`, their closed union.")
    lines += ["from datetime import datetime", "from typing import Any, TypeAlias", "", "import msgspec", ""]
    lines += ["from app.ari._generated import resources", "", ""]
    lines += [
        'class AriEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):',
        "    application: str",
        "    timestamp: datetime",
        "    asterisk_id: str | None = None",
    ]
    for name in event_names:
        options = f'frozen=True, kw_only=True, gc=False, tag_field="type", tag="{name}"'
        lines += write_struct(name, models[name], base="AriEvent", options=options, prefix="resources.")
    lines += [
        "",
        "",
        "KnownEvent: TypeAlias = (",
        *[f"    {'| ' if i else ''}{name}" for i, name in enumerate(event_names)],
        ")",
    ]
    return "\n".join(lines) + "\n"


def render(description: Json) -> dict[Path, str]:
    models = description["models"]
    event_names = [name for name in models["Event"]["subTypes"] if name not in NOT_GENERATED]
    resource_names = [name for name in models if name not in NOT_GENERATED and name not in event_names]
    return {
        GENERATED / "__init__.py": "",
        GENERATED / "resources.py": write_resources(description, resource_names),
        GENERATED / "events.py": write_events(description, event_names),
    }


def render_description(description: Json) -> str:
    return json.dumps(description, indent=1, sort_keys=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", type=Path, help="an Asterisk's rest-api directory")
    parser.add_argument("--asterisk-version", help="the version that --source belongs to")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when something differs")
    options = parser.parse_args()

    files: dict[Path, str] = {}
    if options.source:
        committed = json.loads(DESCRIPTION.read_text()) if DESCRIPTION.exists() else {}
        version = options.asterisk_version or committed.get("asterisk")
        if not version:
            parser.error("--source needs --asterisk-version the first time")
        description = reduce_description(options.source, version)
        files[DESCRIPTION] = render_description(description)
    else:
        description = json.loads(DESCRIPTION.read_text())
    files |= render(description)

    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if options.check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} differs from the description: run scripts/generate_ari_models.py")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
