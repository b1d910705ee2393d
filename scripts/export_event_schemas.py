"""Writes the JSON Schemas of all events into the documentation; ``--check`` only says whether they are the code's."""

import sys
from pathlib import Path

import orjson

from app.facts.catalogue import FACT_TYPES, json_schema

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "events.schema.json"


def main() -> int:
    """Write, or compare."""
    wanted = orjson.dumps(
        {event_type: json_schema(event_type) for event_type in FACT_TYPES}, option=orjson.OPT_INDENT_2
    )
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_bytes() != wanted + b"\n":
            print(f"{TARGET.name} is not the code's: run scripts/export_event_schemas.py", file=sys.stderr)
            return 1
        return 0
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(wanted + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
