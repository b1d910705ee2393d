"""Standard Webhooks: the secret's form, and the three headers of one attempt.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the public prefix, not a secret
_SECRET_BYTES: Final = 32  # the specification asks for 24 to 64


def new_secret() -> bytes:
    """A fresh signing key."""
    return secrets.token_bytes(_SECRET_BYTES)


def show_secret(key: bytes) -> str:
    """The key as its owner gets it, ``whsec_`` and base 64: what every Standard Webhooks library takes."""
    return SECRET_PREFIX + base64.b64encode(key).decode("ascii")


class Signer:
    """Signs the attempts to one endpoint, with every secret that is good at the moment: the present one first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._webhooks = tuple(Webhook(key) for key in keys)

    def headers(self, *, webhook_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
        """``webhook-id``, ``webhook-timestamp`` (whole seconds) and ``webhook-signature``.

        ``webhook_id`` is the event's id: the same over retries and replays, so that receivers can drop doubles.
        Several signatures stand with spaces between them, and one that verifies is enough: while a secret is being
        rotated, receivers that know the old one and those that know the new one both find theirs.
        """
        text = body.decode()
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(webhook.sign(webhook_id, at, text) for webhook in self._webhooks),
        }
