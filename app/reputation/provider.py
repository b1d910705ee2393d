"""Asking a reputation provider over HTTP: a signed request, an answer that is believed only as far as it is sound.

A question is ``POST`` with ``{"number": "+1…"}`` and the headers of Standard Webhooks; an answer is 200 with
``{"verdict": "FLAGGED" | "CLEAN" | "UNKNOWN", "reason": "…", "expiresInSeconds": 3600}``, of which only the verdict
must be there. Whatever else comes back, or nothing in time, is no answer.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec
import orjson

from app.clock import Clock
from app.egress.requests import Answer, Egress, EgressError
from app.egress.signing import Signer
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.reputation.judging import Opinion

LONGEST_REASON: Final = 200
SHORTEST_EXPIRY_SECONDS: Final = 60.0
LONGEST_EXPIRY_SECONDS: Final = 30 * 86400.0
_OK: Final = 200


class NoOpinionError(Exception):
    """The provider did not answer, or nothing that can be believed. The text may be logged: it names no number."""


class _Verdict(StrEnum):
    FLAGGED = "FLAGGED"
    CLEAN = "CLEAN"
    UNKNOWN = "UNKNOWN"


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    verdict: _Verdict
    reason: str | None = None
    expires_in_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider said, and for how many seconds that is good. No opinion: it knows nothing of the number."""

    opinion: Opinion | None
    good_for_seconds: float


class Provider(Protocol):
    """Whom to ask about numbers."""

    async def ask(self, number: E164) -> Told:
        """Raises NoOpinionError: there is no answer to be had now."""
        ...


class HttpProvider:
    """The provider of the settings."""

    def __init__(self, egress: Egress, *, url: str, key: bytes, good_for_seconds: float, clock: Clock) -> None:
        self._egress = egress
        self._url = url
        self._signer = Signer((key,))
        self._good_for_seconds = good_for_seconds
        self._clock = clock

    async def ask(self, number: E164) -> Told:
        body = orjson.dumps({"number": number})
        headers = {
            "content-type": "application/json",
            "user-agent": "Offhook",
            **self._signer.headers(webhook_id=new_id(Kind.EVENT), at=self._clock.now(), body=body),
        }
        try:
            answer = await self._egress.post(self._url, headers, body)
        except EgressError as error:
            raise NoOpinionError(error.failure) from error
        return read_answer(answer, good_for_seconds=self._good_for_seconds)


def read_answer(answer: Answer, *, good_for_seconds: float) -> Told:
    """What an answer says. It comes from outside: its text is cut and cleaned, its expiry kept within bounds.

    Raises:
        NoOpinionError: it says nothing that can be believed.
    """
    if answer.status != _OK:
        raise NoOpinionError(f"the answer was {answer.status}")
    try:
        said = msgspec.json.decode(answer.excerpt, type=_Answer)
    except msgspec.DecodeError as error:  # a ValidationError among them
        raise NoOpinionError("the answer was not of the form that is agreed") from error
    asked_for = good_for_seconds if said.expires_in_seconds is None else said.expires_in_seconds
    good_for = min(max(asked_for, SHORTEST_EXPIRY_SECONDS), LONGEST_EXPIRY_SECONDS)
    if said.verdict is _Verdict.UNKNOWN:
        return Told(None, good_for)
    return Told(Opinion(said.verdict is _Verdict.FLAGGED, _clean(said.reason)), good_for)


def _clean(text: str | None) -> str | None:
    if text is None:
        return None
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST_REASON] or None
