"""The exported SDL is the code's, and nothing in it breaks the last release's clients.

Breaking changes fail. Dangerous ones (which may break a careless client, such as a new enum value) are printed: clients
are told that enums and unions grow. A change that must break is listed in ``docs/schema-breaks.txt`` with its reason.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from graphql import build_schema  # noqa: E402  # the path comes first
from graphql.utilities import find_breaking_changes, find_dangerous_changes  # noqa: E402

from app.api.sdl import print_sdl  # noqa: E402

SCHEMA = ROOT / "schema.graphql"
RELEASED = ROOT / "docs" / "schema-released.graphql"
ACCEPTED = ROOT / "docs" / "schema-breaks.txt"


def compare(released: str, current: str, accepted: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Breaking changes that nobody accepted, and dangerous ones, each as graphql-core's sentence."""
    old, new = build_schema(released), build_schema(current)
    breaking = [change.description for change in find_breaking_changes(old, new)]
    dangerous = [change.description for change in find_dangerous_changes(old, new)]
    return sorted(set(breaking) - accepted), sorted(dangerous)


def read_accepted(text: str) -> frozenset[str]:
    """The sentences of accepted changes: lines of the form ``sentence  # reason``; the reason is a must."""
    lines = (line.partition("  # ") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return frozenset(sentence.strip() for sentence, _, reason in lines if reason.strip())


def main() -> int:
    current = print_sdl()
    if not SCHEMA.exists() or SCHEMA.read_text(encoding="utf-8") != current:
        print("schema.graphql is not the code's. Run: python scripts/export_schema.py", file=sys.stderr)
        return 1
    if not RELEASED.exists():
        print("schema.graphql is the code's. Nothing was released yet, so nothing can be broken.")
        return 0
    accepted = read_accepted(ACCEPTED.read_text(encoding="utf-8")) if ACCEPTED.exists() else frozenset()
    breaking, dangerous = compare(RELEASED.read_text(encoding="utf-8"), current, accepted)
    for sentence in dangerous:
        print(f"dangerous: {sentence}")
    for sentence in breaking:
        print(f"breaking: {sentence}", file=sys.stderr)
    return 1 if breaking else 0


if __name__ == "__main__":
    raise SystemExit(main())
