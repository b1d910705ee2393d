"""Pages of other origins: browsers ask first (a preflight), and are told yes only where an access token names them.

Nothing here gives a page any right: it only lets a browser send the ``Authorization`` header that the page holds, and
show it the answer. Whoever sends no access token gets nothing by it, and cookies are never asked for.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

from app.errors import DatabaseUnavailableError
from app.services import Services

_LONGEST_ORIGIN: Final = 300
_REMEMBERED_SECONDS: Final = 600


async def headers_for_origin(services: Services, headers: Headers) -> dict[str, str]:
    """What an answer needs so that a browser shows it to a page of another origin; nothing for those nobody named."""
    origin = headers.get("origin")
    if origin is None or len(origin) > _LONGEST_ORIGIN:
        return {}
    try:
        if not await services.access.tokens.is_origin_known(origin):
            return {}
    except DatabaseUnavailableError:  # nobody can say, so nobody is let in
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
        "Vary": "Origin",
    }


def answer_preflight(headers: Headers, allowed: dict[str, str]) -> Response | None:
    """The answer to a browser that asks whether it may; None when it did not ask, or may not."""
    if not allowed or headers.get("access-control-request-method") != "POST":
        return None
    return Response(
        status_code=204,
        headers={
            **allowed,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type, traceparent, x-request-id",
            "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
        },
    )
