"""Whom a request rings besides the customer: looked up in the account's rows, and planned as legs."""

from dataclasses import replace

import msgspec

from app.accounts.principal import Principal
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import AddParticipant, StartMediaStream, StartSupervision, StartTransfer, Target, Verb
from app.calls.planning.group_plan import group_legs
from app.calls.planning.guest_plan import plan_participant, plan_supervision
from app.calls.planning.leads import Leads, Programs
from app.calls.planning.originate_checks import Numbers
from app.calls.planning.plan import Defaults, agent_pattern
from app.calls.planning.requests import OriginateRequest
from app.calls.planning.transfer_plan import plan_transfer
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Direction
from app.ids import Kind, kind_of, new_id
from app.routing.directory import Directory
from app.routing.model import Lead, OriginateResolution, Queue
from app.routing.stops import Stop, Stops, flow_in, queue_in
from app.routing.targets import ToRingGroup


class PartyLookup:
    """Every method raises RefusedError for whom there is not, and DatabaseUnavailableError."""

    def __init__(
        self, directory: Directory, stops: Stops, leads: Leads, programs: Programs | None, defaults: Defaults
    ) -> None:
        self._directory = directory
        self._stops = stops
        self._leads = leads
        self._programs = programs
        self._defaults = defaults

    async def as_input(
        self, principal: Principal, call: Call, verb: Verb
    ) -> inputs.Requested | inputs.TransferRequested | inputs.SupervisionRequested | inputs.ParticipantRequested:
        """The verb as the machine takes it: a party that is to be dialled is looked up first."""
        match verb:
            case StartTransfer():
                found = await self._look_up(principal, call, verb.target)
                stops = await self._members(principal, verb.target.ring_group_id, ("target", "ringGroupId"))
                return plan_transfer(verb, principal, call, found, stops=stops, defaults=self._defaults, make_id=new_id)
            case StartSupervision():
                found = await self._look_up(principal, call, verb.supervisor)
                return plan_supervision(verb, principal, call, found, defaults=self._defaults, make_id=new_id)
            case AddParticipant():
                found = await self._look_up(principal, call, verb.target)
                return plan_participant(verb, principal, call, found, defaults=self._defaults, make_id=new_id)
            case StartMediaStream():
                if self._programs is None:
                    raise RefusedError(Problem("URL_NOT_ALLOWED", "No media streams are allowed here.", ("url",)))
                host = await self._programs.check(principal.account_id, verb.url)
                verb = msgspec.structs.replace(verb, host=host)
                return inputs.Requested(verb=verb, actor=principal.actor, request_id=principal.request_id)
            case _:
                return inputs.Requested(verb=verb, actor=principal.actor, request_id=principal.request_id)

    async def of_group(
        self, request: OriginateRequest, principal: Principal, numbers: Numbers, found: OriginateResolution
    ) -> tuple[tuple[Leg, ...], Queue | Lead | None]:
        """The legs of the ring group that is to be connected, if one is, and the queue or flow that it overflows to."""
        field = ("connect", "ringGroupId")
        stops = await self._members(principal, request.connect_ring_group_id, field)
        if request.connect_ring_group_id is None:
            return (), None
        legs = group_legs(
            stops,
            agent_pattern(request, numbers, found),
            ring_seconds=request.agent_ring_seconds,
            found=found,
            defaults=self._defaults,
            make_id=new_id,
            field=field,
            is_test=principal.is_test,
            outside_name=request.caller_id_name,
        )
        return legs, queue_in(stops) or flow_in(stops)

    async def _members(self, principal: Principal, group_id: str | None, field: tuple[str, ...]) -> tuple[Stop, ...]:
        """Who is in a ring group, in the order in which they are rung this time."""
        if group_id is None:
            return ()
        is_there = kind_of(group_id) is Kind.RING_GROUP
        if not is_there or await self._stops.find_group(principal.account_id, group_id) is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such ring group.", field))
        return await self._stops.find(principal.account_id, ToRingGroup(id=group_id))

    async def _look_up(self, principal: Principal, call: Call, target: Target) -> OriginateResolution:
        found = await self._directory.resolve_originate(
            principal.account_id,
            extension=target.extension,
            agent_id=target.agent_id,
            queue_id=target.queue_id,
            trunk_id=call.trunk_id,
            # Of a call that came in it is the caller's: what others are shown is a number of the account's.
            caller_id=None if call.direction is Direction.INBOUND else call.caller_id,
        )
        lead = await self._leads.find(
            principal.account_id,
            "target",
            call_flow_id=target.call_flow_id,
            announcement=target.announcement,
            stream=target.media_stream,
            dialplan=target.dialplan,
        )
        return replace(found, flow=lead)
