"""Receive Offhook's webhooks: verify, drop what came before, keep the calls, answer.

    pip install standardwebhooks starlette uvicorn
    OFFHOOK_WEBHOOK_SECRET=whsec_… python consumer.py

The secret is the endpoint's, or that of `offhook listen --print-secret`.
"""

import os
import socket
import sqlite3
import sys
from contextlib import closing, suppress

import uvicorn
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DATABASE = os.environ.get("DATABASE", "crm.sqlite3")
try:
    WEBHOOK = Webhook(os.environ.get("OFFHOOK_WEBHOOK_SECRET", ""))
except (EmptyWebhookSecretError, ValueError):
    sys.exit("Set OFFHOOK_WEBHOOK_SECRET to what `offhook listen --print-secret` prints, or to an endpoint's secret.")

TABLES = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS call (
    id TEXT PRIMARY KEY, number TEXT, last_event TEXT, call_sequence INTEGER, disposition TEXT, talk_seconds REAL
);
"""
KEEP = """
INSERT INTO call (id, number, last_event, call_sequence) VALUES (:id, :number, :type, :sequence)
ON CONFLICT (id) DO UPDATE SET last_event = :type, call_sequence = :sequence WHERE call_sequence < :sequence
"""
END = "UPDATE call SET disposition = ?, talk_seconds = ? WHERE id = ?"


def store(event: dict) -> bool:
    """Keep an event in one transaction; False when it was kept before."""
    with closing(sqlite3.connect(DATABASE, timeout=10)) as database, database:
        # Retries and replays come under the same id.
        if not database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (event["id"],)).rowcount:
            return False
        if event.get("test") or "call" not in event["data"]:
            return True  # a sample of `offhook trigger`, or nothing of a call's
        call = event["data"]["call"]
        # callSequence counts within the call: an older event never overwrites a newer one.
        database.execute(
            KEEP,
            {
                "id": call["id"],
                "number": call["dialledNumber"],
                "type": event["type"],
                "sequence": event["callSequence"],
            },
        )
        if event["type"] == "call.ended":
            database.execute(END, (event["data"]["disposition"], event["data"]["talkSeconds"], call["id"]))
        return True


async def receive(request: Request) -> Response:
    body = await request.body()  # the raw bytes: what was signed
    try:
        event = WEBHOOK.verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError):  # the latter for headers that are nonsense
        return Response("not signed by Offhook", 401)
    is_new = await run_in_threadpool(store, event)
    print("new " if is_new else "seen", event["type"], event["id"], "(test)" if event.get("test") else "", flush=True)
    return Response(status_code=204)  # only now: what was answered is not sent again


async def calls(_request: Request) -> Response:
    with closing(sqlite3.connect(DATABASE)) as database:
        database.row_factory = sqlite3.Row
        return JSONResponse([dict(row) for row in database.execute("SELECT * FROM call ORDER BY id")])


with closing(sqlite3.connect(DATABASE)) as first:
    first.executescript(TABLES)
app = Starlette(routes=[Route("/webhooks", receive, methods=["POST"]), Route("/calls", calls)])

if __name__ == "__main__":
    port = int(os.environ.get("PORT", "3000"))
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"Cannot listen at port {port}: {error.strerror}. Choose another: PORT=3001 python consumer.py")
    print(f"listening at {port}", flush=True)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
