"""What telephones and devices say of transfers by REFER, as the node would hand it to the machine."""

from collections.abc import Sequence

import msgspec

from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.facts.event import Actor, ActorKind
from app.facts.vocabulary import (
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    Party,
    TransferKind,
    TransferMethod,
)
from app.ids import Kind, LegId, TransferId, new_id
from tests.calls.asking import TARGET_NUMBER, ask_transfer
from tests.calls.driving import Driver, connected_call


def talk_over_trunks() -> Driver:
    """Two who talk, both behind trunks."""
    driver = connected_call()
    legs = tuple(msgspec.structs.replace(leg, trunk_id="trunk_1") for leg in driver.call.legs)
    driver.call = msgspec.structs.replace(driver.call, legs=legs)
    return driver


def refer_asked(leg: Leg, *, transfer_id: TransferId | None = None) -> inputs.ReferAsked:
    """The leg's phone transfers blind."""
    return inputs.ReferAsked(
        leg_id=leg.id,
        transfer_id=transfer_id or TransferId(new_id(Kind.TRANSFER)),
        target=Party(number=TARGET_NUMBER),
        recall_leg_id=LegId(new_id(Kind.LEG)),
    )


def refer_aimed(transfer_id: TransferId, *, waves: Sequence[int] = (0,)) -> inputs.ReferAimed:
    """What it dialled has been found: these phones."""
    planned = ask_transfer(TransferKind.BLIND, waves=waves)
    assert planned.leg is not None
    return inputs.ReferAimed(
        transfer_id=transfer_id,
        leg=planned.leg,
        or_legs=planned.or_legs,
        agent_id=planned.agent_id,
        agent_name=planned.agent_name,
    )


def refer_refused(transfer_id: TransferId) -> inputs.ReferRefused:
    """It may not be called."""
    reason = EndReason(code=EndCode.REJECTED, party=EndParty.SYSTEM)
    return inputs.ReferRefused(transfer_id=transfer_id, disposition=Disposition.REJECTED, end_reason=reason)


def link(leg: Leg) -> inputs.LegReplaced:
    """The leg's phone has put two calls together: here is the end of the link."""
    link_leg_id = LegId(new_id(Kind.LEG))
    return inputs.LegReplaced(
        leg_id=leg.id,
        transfer_id=TransferId(new_id(Kind.TRANSFER)),
        link_leg_id=link_leg_id,
        channel_id=link_leg_id,
        channel_name="Local/_attended@transfer-00000000;1",
        party=Party(number=TARGET_NUMBER),
        actor=Actor(kind=ActorKind.PARTY, id=leg.id),
    )


def tell_device(by: LegRole | None = None, *, call: Call, recalls: bool = True) -> inputs.TransferRequested:
    """Somebody has the other party's device told to call the target."""
    asked = ask_transfer(TransferKind.BLIND, by=None if by is None else call.leg_of(by).id, recalls=recalls)
    return msgspec.structs.replace(asked, method=TransferMethod.REFER, refer_to=TARGET_NUMBER)
