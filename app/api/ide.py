"""The page that a browser sees at ``/graphql``: an editor, the answer, and the docs, in one file that asks nobody else.

Its policy allows its own script and style by hash, connections to its own origin, and nothing more.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from starlette.responses import Response

_PAGE: Final = Path(__file__).with_name("ide.html")
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def ide_response() -> Response:
    """The page with its headers."""
    page, policy = _load()
    return Response(
        page,
        media_type="text/html",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache", "Vary": "Accept"},
    )


@cache
def _load() -> tuple[str, str]:
    page = _PAGE.read_text(encoding="utf-8")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes(_SCRIPT, page)}",
            f"style-src {_hashes(_STYLE, page)}",
            "connect-src 'self' ws: wss:",  # not every browser counts a websocket of one's own origin as 'self'
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return page, policy


def _hashes(element: re.Pattern[str], page: str) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in element.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
