"""What people ask when others are to listen to a call or to join it, as the service would hand it to the machine."""

from app.calls.core import inputs
from app.calls.core.model import Call, Leg, UsedKey
from app.facts.vocabulary import LegRole, Party, SupervisionMode
from app.ids import Kind, LegId, SupervisionId, new_id
from tests.calls.making import SOMEBODY

RING_SECONDS = 20.0


def ask_supervision(
    mode: SupervisionMode = SupervisionMode.MONITOR, *, key: str | None = None, input_hash: str = "ab"
) -> inputs.SupervisionRequested:
    """Somebody asks that extension 2005 listens."""
    supervision_id = SupervisionId(new_id(Kind.SUPERVISION))
    return inputs.SupervisionRequested(
        key=UsedKey(
            mutation="startSupervision", key=key or supervision_id, input_hash=input_hash, subject_id=supervision_id
        ),
        supervision_id=supervision_id,
        mode=mode,
        leg=_leg(LegRole.SUPERVISOR, "2005"),
        actor=SOMEBODY,
    )


def ask_participant(*, key: str | None = None, input_hash: str = "ab") -> inputs.ParticipantRequested:
    """Somebody asks that extension 2006, where agent_6 sits, joins."""
    leg = _leg(LegRole.PARTICIPANT, "2006")
    return inputs.ParticipantRequested(
        key=UsedKey(mutation="addParticipant", key=key or leg.id, input_hash=input_hash, subject_id=leg.id),
        leg=leg,
        actor=SOMEBODY,
        agent_id="agent_6",
        agent_name="Frances",
    )


def leg_with(call: Call, role: LegRole, number: int = 0) -> Leg:
    """The leg of this role that was asked for so many legs after the first."""
    return [leg for leg in call.legs if leg.role is role][number]


def _leg(role: LegRole, extension: str) -> Leg:
    return Leg(
        id=LegId(new_id(Kind.LEG)),
        role=role,
        party=Party(extension=extension),
        endpoint=f"PJSIP/acme-{extension}",
        ring_seconds=RING_SECONDS,
    )
