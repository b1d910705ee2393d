"""The peer of the fan-out: a bare Starlette broadcast, with the web server's options that Offhook has.

``python -m bench.broadcast_server PORT``. Sockets join at ``/``. ``POST /play`` with a list of ``[offset in seconds,
text]`` sends each text to all of them when it is due, its ``"timestamp":"@"`` filled with the instant it was due.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.asgi import SERVER_OPTIONS

_sockets: set[WebSocket] = set()


async def _join(socket: WebSocket) -> None:
    await socket.accept()
    _sockets.add(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass  # how every subscriber leaves
    finally:
        _sockets.discard(socket)


async def _play(request: Request) -> Response:
    messages = orjson.loads(await request.body())
    began, began_at = time.monotonic(), time.time()
    for offset, text in messages:
        wait = began + offset - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        due = datetime.fromtimestamp(began_at + offset, UTC).isoformat()
        stamped = text.replace('"timestamp":"@"', f'"timestamp":"{due}"')
        for socket in list(_sockets):
            await socket.send_text(stamped)
    return Response(status_code=204)


app = Starlette(routes=[WebSocketRoute("/", _join), Route("/play", _play, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        **{**SERVER_OPTIONS, "ws": "websockets-sansio"},
    )
