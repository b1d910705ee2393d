"""Place a call, and follow it to its end: each event once, however often the line breaks.

    pip install "gql[httpx,websockets]"
    OFFHOOK_KEY=ofk_… python call.py +15550100000 2001

The key needs calls:originate and calls:read.
"""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, gql
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("OFFHOOK_URL", "http://127.0.0.1:8000").rstrip("/") + "/graphql"
KEY = os.environ["OFFHOOK_KEY"]

ORIGINATE = gql("""
    mutation Originate($input: OriginateCallInput!) {
      originateCall(input: $input) {
        call { id events(first: 1) { nodes { type callSequence cursor } } }
        userErrors { code message field }
      }
    }
""")
FOLLOW = gql("""
    subscription Follow($after: String!, $call: ID!) {
      events(after: $after, filter: {subjectId: $call}) {
        ... on EventDelivered {
          event {
            type callSequence cursor
            ... on CallEndedEvent { disposition talkSeconds }
          }
        }
      }
    }
""")


async def place_call(number: str, extension: str) -> tuple[str, dict[str, Any]]:
    """Gives the call's id and its first event."""
    transport = HTTPXAsyncTransport(url=URL, headers={"Authorization": f"Bearer {KEY}"})
    request = ORIGINATE
    request.variable_values = {
        "input": {
            "destination": {"number": number},
            "connect": {"extension": extension},
            "idempotencyKey": str(uuid.uuid4()),
        }
    }
    async with Client(transport=transport) as session:
        payload = (await session.execute(request))["originateCall"]
    if payload["userErrors"]:
        sys.exit("; ".join(error["message"] for error in payload["userErrors"]))
    call = payload["call"]
    return call["id"], call["events"]["nodes"][0]


async def follow(call_id: str, cursor: str) -> AsyncIterator[dict[str, Any]]:
    """The call's events after a cursor, and on from the last one when the line breaks."""
    while True:
        transport = WebsocketsTransport(
            url="ws" + URL.removeprefix("http"),
            init_payload={"authorization": f"Bearer {KEY}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        request = FOLLOW
        request.variable_values = {"after": cursor, "call": call_id}
        try:
            async with Client(transport=transport) as session:
                async for message in session.subscribe(request):
                    event = message["events"].get("event")
                    if event:
                        cursor = event["cursor"]
                        yield event
        except TransportQueryError:
            raise  # the service has said no: asking again changes nothing
        except (TransportConnectionFailed, OSError) as error:
            print(f"the line broke ({type(error).__name__}); going on", file=sys.stderr)
        await asyncio.sleep(1)


async def main(number: str, extension: str) -> None:
    call_id, first = await place_call(number, extension)
    print(f"{call_id}\n{first['callSequence']:>3}  {first['type']}", flush=True)
    async for event in follow(call_id, first["cursor"]):
        print(f"{event['callSequence']:>3}  {event['type']}", flush=True)
        if event["type"] == "CALL_ENDED":
            print(f"{event['disposition']}, {event['talkSeconds']:.0f} s of talk")
            return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
