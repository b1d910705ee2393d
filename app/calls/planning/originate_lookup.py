"""What the account's rows say of a call that is asked for, the caller id chosen from its pool if it names one."""

from dataclasses import replace

from app.accounts.principal import Principal
from app.calls.core.model.call import CallerIdChoice
from app.calls.planning.originate_checks import Numbers, pool_of, read_numbers
from app.calls.planning.requests import OriginateRequest
from app.numbers.parse import E164
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.routing.model import OriginateResolution


class OriginateLookup:
    """One round trip for a call, four more when its caller id is a pool."""

    def __init__(self, directory: Directory, caller_ids: CallerIds) -> None:
        self._directory = directory
        self._caller_ids = caller_ids

    async def find(
        self, principal: Principal, request: OriginateRequest, caller_id: E164 | None
    ) -> tuple[OriginateResolution, Numbers, CallerIdChoice | None]:
        """The rows, the numbers as read, and how the caller id was chosen if it was.

        Raises:
            RefusedError: INVALID_NUMBER for the numbers; for a pool NOT_FOUND, CALLER_ID_NOT_OWNED, CALLER_ID_FLAGGED.
            DatabaseUnavailableError: nobody can say.
        """
        found = await self._resolve(principal, request, caller_id)
        trunk = found.trunk
        numbers = read_numbers(request, principal, is_sandbox=trunk is not None and trunk.is_sandbox)
        pool_id = pool_of(request)
        if pool_id is None:
            return _without_flagged_default(request, numbers, found), numbers, None
        chosen = await self._caller_ids.choose(
            principal.account_id,
            pool_id,
            seen_by=numbers.destination or numbers.connect,
            trunk_id=None if trunk is None else trunk.id,
            is_dry=request.dry_run,
        )
        # Which other trunks may be taken depends on the number.
        found = await self._resolve(principal, request, chosen.number)
        choice = CallerIdChoice(
            pool_id=pool_id,
            number_id=chosen.number_id,
            nearness=chosen.nearness,
            size=chosen.size,
            flagged=chosen.flagged,
        )
        return found, numbers, choice

    async def _resolve(
        self, principal: Principal, request: OriginateRequest, caller_id: E164 | None
    ) -> OriginateResolution:
        return await self._directory.resolve_originate(
            principal.account_id,
            extension=request.connect_extension,
            agent_id=request.connect_agent_id,
            destination_extension=request.destination_extension,
            trunk_id=request.trunk_id,
            caller_id=caller_id,
            queue_id=request.connect_queue_id,
        )


def _without_flagged_default(
    request: OriginateRequest, numbers: Numbers, found: OriginateResolution
) -> OriginateResolution:
    """Nobody outside is called by name, so that the account's number is flagged is no reason to refuse; but those whom
    a ring group has outside are not shown it.
    """
    is_asked_for = request.caller_id is not None or numbers.destination is not None or numbers.connect is not None
    if is_asked_for or found.caller_id is None or not found.caller_id.flagged_for:
        return found
    return replace(found, caller_id=None)
