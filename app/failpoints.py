"""Named places where a test has the service die, fail or stall: ``OFFHOOK_FAILPOINT=before-dial:kill``.

``name:kill|raise|sleep[:n]``: what is to happen when the place is passed for the n-th time (the first, without n) in
this process. ``kill`` is kill -9 of the process itself, ``raise`` a :class:`FailpointError`, ``sleep`` a stall of
:data:`STALL_SECONDS`. Unset, a place costs the look at one module variable::

    if failpoints.armed is not None:
        await failpoints.reach(Failpoint.BEFORE_DIAL)

Never set it where real people are called.
"""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

import structlog

from app.errors import ConfigurationError

VARIABLE: Final = "OFFHOOK_FAILPOINT"
STALL_SECONDS: Final = 3.0

_log = structlog.get_logger(__name__)


class Failpoint(StrEnum):
    """The places, in the order in which a call passes them."""

    BEFORE_ATTEMPT_COMMIT = "before-attempt-commit"
    AFTER_ATTEMPT_COMMIT = "after-attempt-commit"
    BEFORE_CREATE = "before-create"
    BEFORE_DIAL = "before-dial"
    WHILE_RINGING = "while-ringing"
    BEFORE_BRIDGE = "before-bridge"
    MID_BRIDGE = "mid-bridge"
    WHILE_RECORDING = "while-recording"
    BEFORE_PAUSE = "before-pause"
    BEFORE_RECORD_COMMIT = "before-record-commit"
    AFTER_RECORD_COMMIT = "after-record-commit"
    AFTER_WEBHOOK_SENT = "after-webhook-sent"
    IMPORT_BATCH_WRITTEN = "import-batch-written"
    IMPORT_BATCH_COMMITTED = "import-batch-committed"
    ERRAND_CLAIMED = "errand-claimed"
    ERRAND_PLACED = "errand-placed"
    CAMPAIGN_CLAIMED = "campaign-claimed"
    CAMPAIGN_HELD = "campaign-held"
    CAMPAIGN_PLACED = "campaign-placed"


class Effect(StrEnum):
    """What happens there."""

    KILL = "kill"
    RAISE = "raise"
    SLEEP = "sleep"


class FailpointError(Exception):
    """Raised on purpose, by ``raise``."""


@dataclass(slots=True)
class Armed:
    """One place that is set, and how often it will be passed before anything happens."""

    place: Failpoint
    effect: Effect
    passes_left: int = field(default=1)


def parse(text: str) -> Armed:
    """Read the variable's value.

    Raises:
        ConfigurationError: no such place or effect; a test that set nothing must not pass for one that did.
    """
    name, _, rest = text.partition(":")
    effect, _, count = rest.partition(":")
    try:
        return Armed(Failpoint(name), Effect(effect), int(count or 1))
    except ValueError as error:
        places = ", ".join(Failpoint)
        raise ConfigurationError(f"{VARIABLE} is name:kill|raise|sleep[:n]; the names are {places}.") from error


def _from_environment() -> Armed | None:
    text = os.environ.get(VARIABLE)
    return parse(text) if text else None


armed: Armed | None = _from_environment()


async def reach(place: Failpoint) -> None:
    """Pass a place; if it is the one that is set, and its turn has come, its effect happens (once).

    Raises:
        FailpointError: the effect is ``raise``.
    """
    global armed  # one of its kind in a process, like the environment it comes from
    if armed is None or armed.place is not place:
        return
    armed.passes_left -= 1
    if armed.passes_left > 0:
        return
    effect, armed = armed.effect, None
    _log.warning("failpoint_reached", place=place.value, effect=effect.value)
    match effect:
        case Effect.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Effect.RAISE:
            raise FailpointError(place.value)
        case Effect.SLEEP:
            await asyncio.sleep(STALL_SECONDS)
        case _:
            assert_never(effect)
