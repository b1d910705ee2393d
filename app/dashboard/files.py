"""Serves the built dashboard: its page at ``/``, and what the page asks for under ``/dashboard/``.

Whoever asks for ``/`` without wanting HTML, as curl does, is told in plain text what there is at which address.

The page is asked for again each time; everything else has a digest of its content in its name and stays the same for
ever. What is served is read once, so no path that a stranger makes up ever reaches the disk.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.terminal import public_command

BUILT: Final = Path(__file__).with_name("built")

#: Scripts and styles of our own files alone; connections to our own origin, so that a page that is tricked into
#: something has nowhere to tell it. Recordings are played from our own signed addresses, or from bytes in memory.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_KEPT: Final = "public, max-age=31536000, immutable"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_WORTH_SQUEEZING: Final = 1024
_WAYS_IN: Final = f"""\
Offhook: call control for Asterisk as a GraphQL API.

/graphql         the API: POST {{"query": "..."}} as application/json, with the header
                 Authorization: Bearer <API key>; a browser gets the IDE
/                in a browser, the dashboard
/schemas/events  events, as JSON Schema
/healthz         whether the process lives
/readyz          whether it can work, part by part
/metrics         numbers for Prometheus

`{public_command()} key create sandbox` makes an API key for the sandbox.
The documentation comes with Offhook, in docs/.
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    squeezed: bytes | None
    media_type: str
    etag: str


async def _answer_page(request: Request) -> Response:
    """The dashboard, to whoever can show it; others are shown the way to the API."""
    if "text/html" not in request.headers.get("accept", ""):
        return Response(
            _WAYS_IN, media_type=_MEDIA_TYPES[".txt"], headers={"Cache-Control": "no-cache", "Vary": "Accept"}
        )
    return _respond(request.headers, _load()["index.html"], {**_PAGE_HEADERS, "Vary": "Accept, Accept-Encoding"})


async def _answer_file(request: Request) -> Response:
    file = _load().get(f"dashboard/{request.path_params['name']}")
    if file is None:
        raise HTTPException(404)
    return _respond(request.headers, file, {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"})


async def _answer_licences(request: Request) -> Response:
    return _respond(request.headers, _load()["LICENSES.txt"], {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"})


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route("/", _answer_page, methods=["GET"], name="dashboard"),
    Route("/dashboard/LICENSES.txt", _answer_licences, methods=["GET"]),
    Route("/dashboard/{name}", _answer_file, methods=["GET"]),
)


def _respond(asked: Headers, file: _File, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": file.etag}
    if asked.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    takes_gzip = any(one.partition(";")[0].strip() == "gzip" for one in asked.get("accept-encoding", "").split(","))
    if file.squeezed is not None and takes_gzip:
        return Response(file.squeezed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.body, media_type=file.media_type, headers=headers)


@cache
def _load() -> dict[str, _File]:
    """Every file of the build that has a media type, by its path in the build."""
    return {
        path.relative_to(BUILT).as_posix(): _read(path)
        for path in sorted(BUILT.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


def _read(path: Path) -> _File:
    body = path.read_bytes()
    squeezed = gzip.compress(body, mtime=0) if path.suffix != ".woff2" and len(body) > _WORTH_SQUEEZING else None
    return _File(body, squeezed, _MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:20]}"')
