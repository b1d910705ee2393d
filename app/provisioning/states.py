"""What an Asterisk says of a device or a trunk: judged (pure), and written as a row and a fact in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from app.db.engine import Database
from app.events.log import EventLog
from app.facts.calls import Fact
from app.facts.event import Draft
from app.facts.lines import DeviceGone, DeviceRegistered, DeviceUnregistered, TrunkDown, TrunkUp
from app.ids import Kind, new_id
from app.provisioning.objects import QUALIFY_TIMEOUT_SECONDS
from app.provisioning.store import Line, LineKind
from app.routing.words import LineState

_log = structlog.get_logger(__name__)

#: What Asterisk may be late with an answer to nobody's OPTIONS, beside the qualify's own times.
_MARGIN_SECONDS: Final = 5.0

_READ: Final = "SELECT state, contact FROM line_state WHERE line_id = $1 AND node = $2 FOR UPDATE"
_WRITE: Final = """
INSERT INTO line_state (line_id, node, account_id, state, changed_at, contact) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (line_id, node) DO UPDATE
SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at, contact = EXCLUDED.contact
"""
_MOVE: Final = "UPDATE line_state SET contact = $3 WHERE line_id = $1 AND node = $2"


@dataclass(frozen=True, slots=True)
class Saying:
    """What is known of a line from now on. ``contact`` is where it is; None when only its state is known."""

    state: LineState
    contact: str | None = None
    reason: DeviceGone | None = None


def judge_contact(line: Line, uri: str, status: str) -> Saying | None:
    """What a ContactStatusChange says of its line; None when it says nothing that counts.

    A device is registered as soon as it has a contact, and no longer when that is gone or does not answer. A trunk's
    contact is always there, so only answers count. News of an address that is not (or no longer) the line's own are
    about the past.
    """
    if line.kind is LineKind.TRUNK:
        if line.address is not None and uri != line.address:
            return None
        match status:
            case "Reachable":
                return Saying(LineState.UP)
            case "Unreachable":
                return Saying(LineState.DOWN)
            case _:
                return None
    is_known = line.contact is None or uri == line.contact
    match status:
        case "Created" | "NonQualified" | "Reachable":
            return Saying(LineState.UP, uri)
        case "Removed" if is_known:
            return Saying(LineState.DOWN, reason=DeviceGone.ENDED)
        case "Unreachable" if is_known:
            return Saying(LineState.DOWN, reason=DeviceGone.UNREACHABLE)
        case _:
            return None


def judge_endpoint(line: Line, state: str | None, *, offline_seconds: float) -> Saying | None:
    """What the list of endpoints says of a line, for news that was missed; None when that is nothing new.

    ``offline_seconds``: for how long the list has said so. Asterisk calls an endpoint offline until it has been asked
    for the first time, so only one that stays so for longer than a whole round is down.
    """
    if state == "online":
        if line.state is LineState.UP or line.qualify_seconds == 0:
            return None
        # A trunk that is in Asterisk's files may never be asked, and is online all the same.
        if line.kind is LineKind.TRUNK and not line.objects and line.state is LineState.UNKNOWN:
            return None
        return Saying(LineState.UP)
    if state == "offline" and line.state is LineState.UP:
        grace = line.qualify_seconds + QUALIFY_TIMEOUT_SECONDS + _MARGIN_SECONDS
        return Saying(LineState.DOWN, reason=DeviceGone.UNREACHABLE) if offline_seconds > grace else None
    return None


def fact_of(line: Line, before: LineState, saying: Saying, *, node: str) -> Fact | None:
    """What a change of state is told as; None for what nobody needs to hear.

    A device that never registered did not go away, and a trunk that answers the first time did not come back.
    """
    if saying.state is before:
        return None
    if line.kind is LineKind.TRUNK:
        if saying.state is LineState.DOWN:
            return TrunkDown(trunk_id=line.id, node=node, name=line.name)
        return TrunkUp(trunk_id=line.id, node=node, name=line.name) if before is LineState.DOWN else None
    if saying.state is LineState.UP:
        return DeviceRegistered(device_id=line.id, node=node, extension_id=line.extension_id, agent_id=line.agent_id)
    if before is not LineState.UP:
        return None
    return DeviceUnregistered(
        device_id=line.id,
        node=node,
        extension_id=line.extension_id,
        agent_id=line.agent_id,
        reason=saying.reason or DeviceGone.UNREACHABLE,
    )


class LineStates:
    """Writes what one node's Asterisk says."""

    def __init__(self, database: Database, log: EventLog, *, node: str) -> None:
        self._database = database
        self._log = log
        self._node = node

    async def write(self, line: Line, saying: Saying, *, at: datetime) -> None:
        """Keep it, and tell it when it is news. What was known is looked up, so saying it again tells nothing.

        Raises:
            DatabaseUnavailableError: nothing was written, or nobody knows; say it again.
        """
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            row = await connection.fetchrow(_READ, line.id, self._node)
            before = LineState.UNKNOWN if row is None else LineState(row["state"])
            if saying.state is before:
                if saying.contact is not None and row is not None and row["contact"] != saying.contact:
                    await connection.execute(_MOVE, line.id, self._node, saying.contact)
                return
            await connection.execute(
                _WRITE, line.id, self._node, line.account_id, saying.state.value, at, saying.contact
            )
            fact = fact_of(line, before, saying, node=self._node)
            if fact is not None:
                await transaction.append([_draft(line, fact, at)])
        _say(line, fact, self._node)


def _say(line: Line, fact: Fact | None, node: str) -> None:
    """For who runs this: events are the account's. What was committed, and of trunks alone: phones come and go."""
    match fact:
        case TrunkDown():
            _log.warning("trunk_down", trunk_id=line.id, account_id=line.account_id, node=node)
        case TrunkUp():
            _log.info("trunk_up", trunk_id=line.id, account_id=line.account_id, node=node)
        case _:
            pass


def _draft(line: Line, fact: Fact, at: datetime) -> Draft:
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=line.account_id,
        subject_id=line.id,
        occurred_at=at,
        fact=fact,
        is_sandbox=line.is_sandbox,
    )
