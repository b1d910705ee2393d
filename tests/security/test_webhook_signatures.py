"""Signatures of webhooks, for any content: what was signed verifies, and nothing else does."""

import base64
import hashlib
import hmac
import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.egress.signing import Signer

_KEYS = st.binary(min_size=24, max_size=64)
_IDS = st.from_regex(r"evt_[0-9a-z]{1,40}", fullmatch=True)
#: Receivers refuse what is five minutes old, or of the future, by their own clock.
_AGES = st.integers(min_value=-200, max_value=200).map(lambda seconds: timedelta(seconds=seconds))
_BODIES = st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=5).map(json.dumps)
_LETTERS = {
    "body": string.printable,
    "webhook-id": string.ascii_letters + string.digits + ".",
    "webhook-timestamp": string.digits,
    "webhook-signature": string.ascii_letters + string.digits + "+/",
}


def _at(age: timedelta) -> datetime:
    return (datetime.now(UTC) - age).replace(microsecond=0)


@given(keys=st.lists(_KEYS, min_size=1, max_size=3, unique=True), webhook_id=_IDS, age=_AGES, body=_BODIES)
def test_given_any_content_when_signed_then_every_secret_verifies_it_and_it_is_what_the_specification_says(
    keys: list[bytes], webhook_id: str, age: timedelta, body: str
) -> None:
    at = _at(age)
    headers = Signer(keys).headers(webhook_id=webhook_id, at=at, body=body.encode())

    signatures = headers["webhook-signature"].split(" ")
    signed = f"{webhook_id}.{int(at.timestamp())}.{body}".encode()
    assert signatures == [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys
    ]
    for key in keys:
        assert Webhook(key).verify(body, dict(headers)) == json.loads(body)


@given(key=_KEYS, other=_KEYS, webhook_id=_IDS, body=_BODIES)
def test_given_any_other_secret_when_it_verifies_then_it_is_refused(
    key: bytes, other: bytes, webhook_id: str, body: str
) -> None:
    assume(key.rstrip(b"\x00") != other.rstrip(b"\x00"))  # HMAC fills a key up with these (RFC 2104)
    headers = Signer([key]).headers(webhook_id=webhook_id, at=_at(timedelta()), body=body.encode())
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, dict(headers))


@given(key=_KEYS, webhook_id=_IDS, body=_BODIES, data=st.data())
def test_given_any_change_to_what_was_signed_when_verified_then_it_is_refused(
    key: bytes, webhook_id: str, body: str, data: st.DataObject
) -> None:
    headers = dict(Signer([key]).headers(webhook_id=webhook_id, at=_at(timedelta()), body=body.encode()))
    content = {**headers, "body": body}
    changed = data.draw(st.sampled_from(sorted(_LETTERS)))
    before = content[changed]
    # Of base 64 the last letters have bits that stand for nothing.
    begin, end = (3, len(before) - 3) if changed == "webhook-signature" else (0, len(before) - 1)
    place, letter = data.draw(st.integers(begin, end)), data.draw(st.sampled_from(_LETTERS[changed]))
    assume(before[place] != letter)
    content[changed] = before[:place] + letter + before[place + 1 :]
    given_body = content.pop("body")
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(given_body, content)


@given(key=_KEYS, first=_IDS, second=_IDS, body=_BODIES)
def test_given_two_events_when_signed_then_the_signature_of_one_is_none_of_the_other(
    key: bytes, first: str, second: str, body: str
) -> None:
    assume(first != second)
    at = _at(timedelta())
    signer = Signer([key])
    one = signer.headers(webhook_id=first, at=at, body=body.encode())["webhook-signature"]
    assert one != signer.headers(webhook_id=second, at=at, body=body.encode())["webhook-signature"]
    assert (
        one != signer.headers(webhook_id=first, at=at + timedelta(seconds=1), body=body.encode())["webhook-signature"]
    )
