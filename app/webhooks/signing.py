"""Standard Webhooks: the secret's form, and the three headers of one attempt.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets
from collections.abc import Mapping
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
    """Signs the attempts to one endpoint."""

    def __init__(self, key: bytes) -> None:
        self._webhook = Webhook(key)

    def headers(self, *, webhook_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
        """``webhook-id``, ``webhook-timestamp`` (whole seconds) and ``webhook-signature``.

        ``webhook_id`` is the event's id: the same over retries and replays, so that receivers can drop doubles.
        """
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, at, body.decode()),
        }
