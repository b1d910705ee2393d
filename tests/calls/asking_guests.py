"""What people ask when others are to listen to a call or to join it, as the service would hand it to the machine."""

from app.calls.core import inputs
from app.calls.core.model.call import Call, UsedKey
from app.calls.core.model.leg import Leg
from app.facts.vocabulary import LegRole, Party, SupervisionMode
from app.ids import Kind, LegId, SupervisionId, new_id
from tests.calls.making import SOMEBODY

RING_SECONDS = 20.0


def ask_supervision(
    mode: SupervisionMode = SupervisionMode.MONITOR, *, key: str | None = None, input_hash: str = "ab", phones: int = 1
) -> inputs.SupervisionRequested:
    """Somebody asks that extension 2005 listens, which has so many phones."""
    leg, *others = _legs(LegRole.SUPERVISOR, "2005", phones)
    supervision_id = SupervisionId(new_id(Kind.SUPERVISION))
    return inputs.SupervisionRequested(
        key=UsedKey(
            mutation="startSupervision", key=key or supervision_id, input_hash=input_hash, subject_id=supervision_id
        ),
        supervision_id=supervision_id,
        mode=mode,
        leg=leg,
        or_legs=tuple(others),
        actor=SOMEBODY,
    )


def ask_participant(*, key: str | None = None, input_hash: str = "ab", phones: int = 1) -> inputs.ParticipantRequested:
    """Somebody asks that extension 2006, where agent_6 sits with so many phones, joins."""
    leg, *others = _legs(LegRole.PARTICIPANT, "2006", phones)
    return inputs.ParticipantRequested(
        key=UsedKey(mutation="addParticipant", key=key or leg.id, input_hash=input_hash, subject_id=leg.id),
        leg=leg,
        or_legs=tuple(others),
        actor=SOMEBODY,
        agent_id="agent_6",
        agent_name="Frances",
    )


def leg_with(call: Call, role: LegRole, number: int = 0) -> Leg:
    """The leg of this role that was asked for so many legs after the first."""
    return [leg for leg in call.legs if leg.role is role][number]


def _legs(role: LegRole, extension: str, phones: int) -> list[Leg]:
    return [
        Leg(
            id=LegId(new_id(Kind.LEG)),
            role=role,
            party=Party(extension=extension),
            endpoint=f"PJSIP/acme-{extension}" + (f"-{number}" if number > 1 else ""),
            ring_seconds=RING_SECONDS,
        )
        for number in range(1, phones + 1)
    ]
