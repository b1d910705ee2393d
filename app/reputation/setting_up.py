"""Reputation as the settings want it."""

import base64
import binascii
from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.accounts.audit import AuditLog
from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.egress.requests import Egress
from app.egress.signing import SECRET_PREFIX
from app.errors import ConfigurationError
from app.reputation.judging import Rules
from app.reputation.opinions import Opinions
from app.reputation.provider import HttpProvider
from app.reputation.reviewer import ReputationReviewer
from app.reputation.service import Reputation


@dataclass(frozen=True, slots=True)
class Reputations:
    """The use cases, and the loop that judges numbers."""

    service: Reputation
    reviewer: ReputationReviewer


def open_reputation(
    stack: AsyncExitStack, settings: Settings, database: Database, audit: AuditLog, clock: Clock
) -> Reputations:
    """Both over one database; connections to the provider are closed with the stack.

    Raises:
        ConfigurationError: the provider's secret has the form of one and is none.
    """
    rules = read_rules(settings)
    opinions = None
    if settings.reputation_url is not None and settings.reputation_secret is not None:
        egress = Egress(
            allow_networks=settings.reputation_allow_networks, timeout_seconds=settings.reputation_timeout_seconds
        )
        stack.push_async_callback(egress.aclose)
        provider = HttpProvider(
            egress,
            url=settings.reputation_url,
            key=read_key(settings.reputation_secret.get_secret_value()),
            good_for_seconds=settings.reputation_verdict_seconds,
            clock=clock,
        )
        opinions = Opinions(database, clock, provider)
    return Reputations(
        Reputation(database, audit, clock, rules, opinions),
        ReputationReviewer(database, clock, rules, opinions, seconds=settings.reputation_review_seconds),
    )


def read_rules(settings: Settings) -> Rules:
    """When own history speaks against a number, by the settings."""
    return Rules(
        window_days=settings.reputation_window_days,
        least_calls=settings.reputation_least_calls,
        least_answer_rate=settings.reputation_least_answer_rate,
        most_unwanted_rate=settings.reputation_most_unwanted_rate,
        flagging_complaints=settings.reputation_complaints,
        complaint_days=settings.reputation_complaint_days,
    )


def read_key(secret: str) -> bytes:
    """The signing key: what ``whsec_`` and base 64 stand for, or the text's own bytes.

    Raises:
        ConfigurationError: it begins like the former and is not.
    """
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        message = "OFFHOOK_REPUTATION_SECRET begins with whsec_, but is not followed by base 64."
        raise ConfigurationError(message) from error
