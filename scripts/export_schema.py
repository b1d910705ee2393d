"""Write ``schema.graphql`` from the code; ``--check`` says whether it is up to date, ``--release`` marks a release.

The SDL of the last release is kept in ``docs/schema-released.graphql``: ``check_schema.py`` compares with it.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.api.sdl import print_sdl  # noqa: E402  # the path comes first

SCHEMA = ROOT / "schema.graphql"
RELEASED = ROOT / "docs" / "schema-released.graphql"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; fail when schema.graphql is not the code's")
    what.add_argument("--release", action="store_true", help="write it, and keep it as the last release's too")
    arguments = parser.parse_args()
    sdl = print_sdl()
    if arguments.check:
        if SCHEMA.exists() and SCHEMA.read_text(encoding="utf-8") == sdl:
            print("schema.graphql is the code's.")
            return 0
        print("schema.graphql is not the code's. Run: python scripts/export_schema.py", file=sys.stderr)
        return 1
    SCHEMA.write_text(sdl, encoding="utf-8")
    if arguments.release:
        RELEASED.write_text(sdl, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
