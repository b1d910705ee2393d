"""Who has a part in a transfer: who transfers whom, who sits where after it, and what is said of all of them."""

from typing import Any

from app.calls.core import holding
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.transfer import Transfer
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.vocabulary import CallState, LegRole, LegState
from app.ids import LegId


def parties(turn: Turn, asked_by: LegId | None) -> tuple[Leg, Leg]:
    """Who transfers, and whom.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND.
    """
    call = turn.call
    if call.state is not CallState.CONNECTED:
        raise refused("Nobody talks yet: wait until the call is CONNECTED.", call.state.value, "callId")
    if call.transfer is not None:
        message = "A transfer is under way. Complete or cancel it first."
        raise refused(message, f"TRANSFER_{call.transfer.state}", "callId")
    if any(leg.role is LegRole.PARTICIPANT and leg.is_alive for leg in call.legs):
        message = "There are participants: remove them first, or remove the leg that wants to leave."
        raise refused(message, "CONFERENCE", "callId")
    agent, customer = call.seats
    if agent is None or customer is None or agent.state is not LegState.UP or customer.state is not LegState.UP:
        raise refused("One of the two who talk is on the way out.", call.state.value, "callId")
    if asked_by is None or asked_by == agent.id:
        return agent, customer
    if asked_by == customer.id:
        return customer, agent
    raise RefusedError(Problem("NOT_FOUND", "The call has no such leg that talks.", ("legId",)))


def about(turn: Turn, transfer: Transfer) -> dict[str, Any]:
    """What every fact of a transfer says."""
    call = turn.call
    return {
        "call": call.ref,
        "transfer_id": transfer.id,
        "kind": transfer.kind,
        "by": call.leg(transfer.by).ref,
        "transferee": call.leg(transfer.transferee).ref,
        "target": transfer.target_party,
        "queue_id": transfer.queue_id,
        "method": transfer.method,
    }


def presented_to(transferee: Leg) -> tuple[str | None, str | None]:
    """What others are shown of the target: the transferee sees what it saw before."""
    return transferee.shown_number, transferee.shown_name


def seat(turn: Turn, leg: Leg) -> None:
    """The leg has its side's seat."""
    if leg.role is LegRole.AGENT:
        turn.change(agent_leg_id=leg.id)
    else:
        turn.change(customer_leg_id=leg.id)


def bring_together(turn: Turn) -> None:
    """Whoever sits in the seats talks, whatever hold there was before."""
    for leg in turn.call.seats:
        if leg is not None:
            holding.move(turn, leg, Place.TALK)


def came_in(leg: Leg) -> bool:
    """Whether the leg cannot be called back: Offhook has not dialled it, and its channel names no number to dial."""
    return leg.channel_id is not None


def refused(message: str, state: str, field: str = "callId") -> RefusedError:
    """A transfer cannot be done as the call stands."""
    return RefusedError(Problem("INVALID_STATE", message, (field,), current_state=state))
