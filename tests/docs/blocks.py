"""The blocks of code on a page of the documentation, with what the page's source says to the tests about each.

Commands stand in two forms: a ``sh`` block is pasted whole into a terminal; a ``console`` block shows a session, each
command after ``$ ``, its answer below it.

A comment right before a block, on a line of its own, is its marker:

- ``<!-- not run: reason -->``: the tests leave it alone, and count it;
- ``<!-- file: name -->``: the reader saves it under this name, and later blocks use it;
- ``<!-- verifier: name -->``: a function ``verify(secret, headers, body)`` in this file, tried with deliveries;
- ``<!-- stays: words -->``: a command that keeps running; it is up once it has printed these words;
- ``<!-- printed -->``: what the command that keeps running has printed;
- ``<!-- answer -->``: what the commands of the ``sh`` block before it have printed;
- ``<!-- superuser -->``: SQL for an administrator of the database server;
- ``<!-- input: type -->``: a GraphQL block that is no operation, but a value of this input type;
- ``<!-- url: address -->``: where a GraphQL block is sent, instead of to the service of the tests.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

_MARKER: Final = re.compile(r"^ *<!-- ([a-z ]+?)(?:: (.+?))? -->$")
_FENCE: Final = re.compile(r"^( *)```([a-z]*)$")
_MARKERS: Final = {"not run", "file", "verifier", "stays", "printed", "answer", "superuser", "input", "url"}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. ``marker`` is ("", "") for most."""

    page: str
    line: int
    language: str
    text: str
    marker: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def find_pages() -> list[str]:
    """Every page that a reader may follow, by its path in the repository."""
    pages = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "decisions" not in path.parts]
    return ["README.md", *(str(path.relative_to(ROOT)) for path in pages)]


def read_blocks(page: str) -> list[Block]:
    """The page's blocks, from the top."""
    blocks = []
    marker, before = ("", ""), ""
    inside: tuple[int, int, str] | None = None
    kept: list[str] = []
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        if inside is None:
            if fence := _FENCE.match(line):
                inside = (number, len(fence[1]), fence[2])
                marker = _read_marker(before, f"{page}:{number - 1}")
            before = line
        elif line.strip() == "```":
            start, _, language = inside
            blocks.append(Block(page, start, language, "\n".join(kept) + "\n", marker))
            inside, kept, before = None, [], ""
        else:
            kept.append(line[inside[1] :] if not line[: inside[1]].strip() else line)
    assert inside is None, f"{page}: a block is not closed"
    return blocks


def _read_marker(line: str, where: str) -> tuple[str, str]:
    found = _MARKER.match(line)
    if found is None:
        return ("", "")
    assert found[1] in _MARKERS, f"{where}: no such marker"
    return (found[1], found[2] or "")
