"""Writes the events' types for Python and TypeScript into the documentation; ``--check`` only compares them."""

import sys
from pathlib import Path

from app.facts.typings import write_python, write_typescript

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
TARGETS = {"offhook_events.py": write_python, "offhook-events.ts": write_typescript}


def main() -> int:
    """Write, or compare."""
    status = 0
    for name, write in TARGETS.items():
        target, wanted = FOLDER / name, write()
        if "--check" not in sys.argv[1:]:
            target.write_text(wanted, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != wanted:
            print(f"{name} is not the code's: run scripts/export_event_types.py", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
