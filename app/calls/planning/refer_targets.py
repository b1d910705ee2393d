"""Whom a telephone wants to transfer to: what it dialled, under the same rules as ``transferCall``.

What a phone sends is anybody's text. The dialplan lets digits pass and nothing else; what they mean is looked up here,
and may be called only if the account's own rows and its destination policy say so.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from app.accounts.principal import Principal
from app.calls.core.inputs import ReferAimed, ReferRefused
from app.calls.core.model.call import Call
from app.calls.core.verbs import StartTransfer, Target
from app.calls.planning.placing import Readiness
from app.calls.planning.plan import Defaults
from app.calls.planning.transfer_plan import plan_transfer
from app.db.engine import Database
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import Direction, Disposition, EndCode, EndParty, EndReason, Party, TransferKind
from app.ids import Kind, LegId, TransferId
from app.routing.directory import Directory

_log = structlog.get_logger(__name__)

#: As many digits as an extension may have; a number has more.
LONGEST_EXTENSION: Final = 6
_FIND_SECONDS: Final = 5.0

_INVALID: Final = (Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER)
_REJECTED: Final = (Disposition.REJECTED, EndCode.REJECTED)
_OUTCOMES: Final = {
    "INVALID_NUMBER": _INVALID,
    "NOT_FOUND": _INVALID,
    "DESTINATION_DENIED": _REJECTED,
    "SANDBOX_ONLY": _REJECTED,
    "CALLER_ID_NOT_OWNED": _REJECTED,
    "AGENT_OFFLINE": (Disposition.UNREACHABLE, EndCode.UNREACHABLE),
}
_UNKNOWN: Final = (Disposition.FAILED, EndCode.DIAL_FAILED)


def dialled_party(dialled: str) -> Party:
    """What was dialled, as facts name it before it is looked up."""
    return Party(extension=dialled) if _is_extension(dialled) else Party(number=dialled)


class ReferTargets:
    """Looks up what phones dial."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        readiness: Readiness,
        *,
        defaults: Defaults,
        make_id: Callable[[Kind], str],
    ) -> None:
        self._database = database
        self._directory = directory
        self._readiness = readiness
        self._defaults = defaults
        self._make_id = make_id

    async def find(self, call: Call, by: LegId, transfer_id: TransferId, dialled: str) -> ReferAimed | ReferRefused:
        """Whom the digits that the phone behind leg ``by`` dialled lead to, or how it comes out without anybody."""
        if (why := self._readiness.why_not_ready) is not None:
            _log.warning("refer_not_looked_up", call_id=call.id, reason=why)
            return _refused(transfer_id, _UNKNOWN)
        try:
            async with asyncio.timeout(_FIND_SECONDS):
                return await self._find(call, by, transfer_id, dialled)
        except RefusedError as error:
            code = error.problems[0].code
            _log.info("refer_refused", call_id=call.id, code=code)
            return _refused(transfer_id, _OUTCOMES.get(code, _UNKNOWN))
        except (UnavailableError, TimeoutError) as error:
            _log.warning("refer_not_looked_up", call_id=call.id, reason=str(error) or "no answer in time")
            return _refused(transfer_id, _UNKNOWN)

    async def _find(self, call: Call, by: LegId, transfer_id: TransferId, dialled: str) -> ReferAimed:
        is_inside = _is_extension(dialled)
        found = await self._directory.resolve_originate(
            call.account_id,
            extension=dialled if is_inside else None,
            agent_id=None,
            trunk_id=call.trunk_id,
            # Of a call that came in it is the caller's: what others are shown is a number of the account's.
            caller_id=None if call.direction is Direction.INBOUND else call.caller_id,
        )
        verb = StartTransfer(
            idempotency_key=transfer_id,
            kind=TransferKind.BLIND,
            target=Target(extension=dialled) if is_inside else Target(number=dialled),
            by=by,
        )
        principal = Principal(
            account_id=call.account_id,
            account_name="",
            default_region="" if is_inside else await self._region(call.account_id),
            key_id="",
            scopes=frozenset(),
            is_test=call.is_sandbox,
        )
        planned = plan_transfer(verb, principal, call, found, defaults=self._defaults, make_id=self._make_id)
        if planned.leg is None:
            msg = "an extension or a number is somebody to be rung"
            raise ValueError(msg)
        return ReferAimed(
            transfer_id=transfer_id,
            leg=planned.leg,
            or_legs=planned.or_legs,
            agent_id=planned.agent_id,
            agent_name=planned.agent_name,
        )

    async def _region(self, account_id: str) -> str:
        async with self._database.acquire() as connection:
            region: str | None = await connection.fetchval(
                "SELECT default_region FROM account WHERE id = $1", account_id
            )
        return region or ""


def _is_extension(dialled: str) -> bool:
    return dialled.isdecimal() and len(dialled) <= LONGEST_EXTENSION


def _refused(transfer_id: TransferId, outcome: tuple[Disposition, EndCode]) -> ReferRefused:
    disposition, code = outcome
    reason = EndReason(code=code, party=EndParty.SYSTEM)
    return ReferRefused(transfer_id=transfer_id, disposition=disposition, end_reason=reason)
