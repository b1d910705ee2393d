"""Amazon Polly's HTTP API on this machine: checks each request to the byte and its signature, and answers as told."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KEY_ID, SECRET, REGION = "AKIDSTANDIN", "stand-in/secret+key", "eu-central-1"
RATE = 16_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """``is_cut``: the connection ends in the middle of the body. ``is_silent``: nothing comes at all."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_cut: bool = False
    is_silent: bool = False


def failure(status: int, name: str, *, in_header: bool = True) -> Answer:
    headers = {"x-amzn-ErrorType": f"{name}:http://internal.amazon.com/"} if in_header else {}
    body = json.dumps({"__type": f"com.amazonaws.polly#{name}", "message": "the text was: 4711"})
    return Answer(status, headers, body.encode())


def pcm(seconds: float) -> bytes:
    at = np.arange(int(RATE * seconds)) / RATE
    return (0.3 * np.sin(2 * np.pi * 700 * at) * 32767).astype("<i2").tobytes()


def voice(voice_id: str, language: str, *engines: str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Id": voice_id,
        "Name": voice_id,
        "Gender": "Female",
        "LanguageCode": language,
        "LanguageName": "…",
        "SupportedEngines": list(engines),
        **({"AdditionalLanguageCodes": list(more)} if more else {}),
    }


PAGES = {
    "/v1/voices": {
        "NextToken": "page two/+=",
        "Voices": [voice("Ivy", "en-US", "neural", "standard"), voice("Lotte", "nl-NL", "standard")],
    },
    "/v1/voices?NextToken=page+two%2F%2B%3D": {
        "Voices": [
            voice("Joanna", "en-US", "generative", "neural", "standard"),
            voice("Aditi", "en-IN", "standard", more=("hi-IN",)),
            voice("Ruth", "en-US", "long-form"),
            voice("Olivia", "en-AU", "neural"),
        ]
    },
}


class PollyStandIn:
    """``asked`` is in the order of arrival; ``behaviour`` answers ``POST /v1/speech``, ``listing`` lists the voices."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.behaviour: Callable[[Asked], Answer] = lambda asked: Answer(
            headers={"Content-Type": "audio/pcm"}, body=pcm(0.05 * max(1, len(asked.json["Text"].split())))
        )
        self.listing: Callable[[Asked], Answer] = lambda asked: Answer(
            headers={"Content-Type": "application/json"}, body=json.dumps(PAGES[asked.target]).encode()
        )
        self.url = ""
        self.clients: set[asyncio.StreamWriter] = set()

    @property
    def spoken(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.add(writer)
        try:
            while True:
                try:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
                except asyncio.IncompleteReadError:
                    return
                first, *lines = head.strip().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                asked = Asked(method, target, headers, body)
                self.asked.append(asked)
                answer = self._answer(asked)
                if answer.is_silent:
                    await reader.read()  # until the other side gives up
                    return
                said = {"Content-Length": str(len(answer.body)), **answer.headers}
                text = "".join(f"{name}: {value}\r\n" for name, value in said.items())
                body = answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body
                writer.write(f"HTTP/1.1 {answer.status} X\r\n{text}\r\n".encode() + body)
                await writer.drain()
                if answer.is_cut:
                    return
        except ConnectionError:
            return  # the other side has gone
        finally:
            self.clients.discard(writer)
            writer.close()

    def _answer(self, asked: Asked) -> Answer:
        if (wrong := what_is_wrong_with_signature(asked)) is not None:
            return Answer(403, {"x-amzn-ErrorType": "InvalidSignatureException"}, wrong.encode())
        if asked.method == "GET":
            return self.listing(asked)
        assert (asked.method, asked.target) == ("POST", "/v1/speech")
        return self.behaviour(asked)


def what_is_wrong_with_signature(asked: Asked) -> str | None:
    """Check it from the request as it came, by what the request itself says was signed."""
    algorithm, _, rest = asked.headers.get("authorization", "").partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if algorithm != "AWS4-HMAC-SHA256" or set(given) != {"Credential", "SignedHeaders", "Signature"}:
        return "no signature"
    key_id, date, region, service, end = given["Credential"].split("/")
    if (key_id, region, service, end) != (KEY_ID, REGION, "polly", "aws4_request"):
        return "another scope"
    names = given["SignedHeaders"].split(";")
    if names != sorted(names) or not {"host", "x-amz-date"} <= set(names):
        return "not all headers are signed"
    if asked.body and "content-type" not in names:
        return "the type is not signed"
    path, _, query = asked.target.partition("?")
    canonical_query = "&".join(sorted(part.replace("+", "%20") for part in query.split("&"))) if query else ""
    canonical = f"{asked.method}\n{path}\n{canonical_query}\n"
    canonical += "".join(f"{name}:{asked.headers[name]}\n" for name in names)
    canonical += f"\n{given['SignedHeaders']}\n{hashlib.sha256(asked.body).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{asked.headers['x-amz-date']}\n{date}/{region}/polly/aws4_request\n{digest}"
    key = ("AWS4" + SECRET).encode()
    for part in (date, region, "polly", "aws4_request", to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not asked.headers["x-amz-date"].startswith(date):
        return "another day"
    return None if key.hex() == given["Signature"] else f"the signature is wrong, of {canonical!r}"


@asynccontextmanager
async def running_polly() -> AsyncIterator[PollyStandIn]:
    stand_in = PollyStandIn()
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stand_in.url = f"http://127.0.0.1:{port}"
    try:
        yield stand_in
    finally:
        server.close()
        for client in list(stand_in.clients):
            client.transport.abort()
        await server.wait_closed()
