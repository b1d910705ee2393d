"""The verifiers of the page for receivers, each run by its own language over the same deliveries."""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.egress.signing import Signer, new_secret, show_secret
from tests.rig.programs import ensure_programs

_SECONDS: Final = 60.0

_PYTHON: Final = """
import base64, json, sys
from verify import verify
print(json.dumps([verify(c["secret"], c["headers"], base64.b64decode(c["body"])) for c in json.load(sys.stdin)]))
"""
_JAVASCRIPT: Final = """
import { readFileSync } from "node:fs";
import { verify } from "./verify.mjs";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map((c) => verify(c.secret, c.headers, Buffer.from(c.body, "base64")))));
"""
_PHP: Final = """<?php
require __DIR__ . '/verify.php';
$told = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $c) {
    $told[] = verify($c['secret'], $c['headers'], base64_decode($c['body']));
}
echo json_encode($told);
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request, and whether it is to be believed."""

    what: str
    is_good: bool
    secret: str
    headers: Mapping[str, str]
    body: bytes


def make_deliveries() -> list[Delivery]:
    """Deliveries as Offhook signs them, and what somebody else might make of them."""
    key, other, body = new_secret(), new_secret(), '{"type":"call.ended","name":"Zoë"}'.encode()
    secret, now = show_secret(key), datetime.now(UTC)

    def sign(*keys: bytes, at: datetime = now) -> dict[str, str]:
        return dict(Signer(keys).headers(webhook_id="evt_1", at=at, body=body))

    good = sign(key)
    return [
        Delivery("as it was sent", True, secret, good, body),
        Delivery("the old secret during a rotation", True, secret, sign(other, key), body),
        Delivery("the new secret during a rotation", True, secret, sign(key, other), body),
        Delivery("another body", False, secret, good, body + b" "),
        Delivery("another secret", False, show_secret(other), good, body),
        Delivery("another id", False, secret, {**good, "webhook-id": "evt_2"}, body),
        Delivery("sent again after an hour", False, secret, sign(key, at=now - timedelta(hours=1)), body),
        Delivery("from the future", False, secret, sign(key, at=now + timedelta(hours=1)), body),
        Delivery("a time that is none", False, secret, {**good, "webhook-timestamp": "today"}, body),
        Delivery("a time beyond all bounds", False, secret, {**good, "webhook-timestamp": "9" * 400}, body),
        Delivery("a signature of other letters", False, secret, {**good, "webhook-signature": "v1,é ü"}, body),
        Delivery("no signature", False, secret, {k: v for k, v in good.items() if k != "webhook-signature"}, body),
        Delivery("a signature of another version", False, secret, _with_version(good, "v2"), body),
        Delivery(
            "half a signature", False, secret, {**good, "webhook-signature": good["webhook-signature"][:20]}, body
        ),
        Delivery("no headers", False, secret, {}, body),
    ]


def _with_version(headers: Mapping[str, str], version: str) -> dict[str, str]:
    return {**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", f"{version},")}


async def believe(name: str, source: str, directory: Path, deliveries: list[Delivery]) -> list[bool]:
    """What the verifier says of each delivery."""
    (directory / name).write_text(source, encoding="utf-8")
    match Path(name).suffix:
        case ".py":
            driver, text, program = "drive.py", _PYTHON, sys.executable
        case ".mjs":
            driver, text, program = "drive.mjs", _JAVASCRIPT, "node"
        case ".php":
            driver, text, program = "drive.php", _PHP, "php"
        case suffix:
            raise AssertionError(f"nothing runs {suffix}")
    if program != sys.executable:
        await asyncio.to_thread(ensure_programs, program)
    (directory / driver).write_text(text, encoding="utf-8")
    asked = [
        {"secret": one.secret, "headers": dict(one.headers), "body": base64.b64encode(one.body).decode()}
        for one in deliveries
    ]
    process = await asyncio.create_subprocess_exec(
        program,
        str(directory / driver),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_SECONDS):
        told, problems = await process.communicate(json.dumps(asked).encode())
    assert process.returncode == 0, problems.decode()
    verdicts: list[bool] = json.loads(told)
    return verdicts
