"""Every page that the dashboard has, as its own sources list them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import app.dashboard

_REGISTRY: Final = Path(app.dashboard.__file__).with_name("source") / "pages/registry.ts"
_ENTRY: Final = re.compile(r'path: "([^"]+)".*?group: "([^"]+)"', re.DOTALL)

Group = Literal["Live", "History", "Account"]


def left_out(looked_at: Iterable[str], *groups: Group) -> list[str]:
    """The pages of these groups that are not among the addresses that were looked at."""
    entries = _ENTRY.findall(_REGISTRY.read_text(encoding="utf-8"))
    assert {group for _, group in entries} == {"Live", "History", "Account"}
    seen = [path.partition("?")[0] for path in looked_at]
    wanted = [path for path, group in entries if group in groups]
    return [path for path in wanted if not any(re.fullmatch(re.sub(r":\w+", "[^/]+", path), one) for one in seen)]
