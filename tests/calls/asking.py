"""What people ask of a live call, as the service would hand it to the machine."""

from collections.abc import Sequence

from app.calls.core import inputs
from app.calls.core.model.call import Call, UsedKey
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import StartMediaStream, Verb
from app.facts.vocabulary import LegRole, Pair, Party, TransferKind
from app.ids import Kind, LegId, MediaStreamId, TransferId, new_id
from tests.calls.making import SOMEBODY

TARGET_NUMBER = "+15550107777"
CONSULT_SECONDS = 300.0
TARGET_RING_SECONDS = 25.0


def ask(verb: Verb) -> inputs.Requested:
    """Somebody asks a verb."""
    return inputs.Requested(verb=verb, actor=SOMEBODY)


def ask_transfer(
    kind: TransferKind,
    *,
    by: LegId | None = None,
    key: str | None = None,
    input_hash: str = "ab",
    recalls: bool = True,
    with_music: bool = False,
    waves: Sequence[int] = (0,),
) -> inputs.TransferRequested:
    """Somebody asks for a transfer to a third party; ``waves``: the wave of each of its phones."""
    transfer_id = TransferId(new_id(Kind.TRANSFER))
    leg, *others = (
        Leg(
            id=LegId(new_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=Party(number=TARGET_NUMBER),
            endpoint=f"PJSIP/{TARGET_NUMBER.lstrip('+')}@acme-trunk-main",
            ring_seconds=TARGET_RING_SECONDS,
            shown_number="+15550199999",
            wave=wave,
            agent_id=f"agent_2{number}" if len(waves) > 1 else None,
        )
        for number, wave in enumerate(waves)
    )
    return inputs.TransferRequested(
        key=UsedKey(mutation="transferCall", key=key or transfer_id, input_hash=input_hash, subject_id=transfer_id),
        transfer_id=transfer_id,
        kind=kind,
        leg=leg,
        or_legs=tuple(others),
        recall_leg_id=LegId(new_id(Kind.LEG)),
        actor=SOMEBODY,
        consult_seconds=CONSULT_SECONDS,
        by=by,
        recalls=recalls,
        with_music=with_music,
        agent_id="agent_2",
        agent_name="Barbara",
    )


def ask_stream(leg_id: LegId) -> inputs.Requested:
    """Somebody asks for a program to talk to a leg."""
    stream_id = MediaStreamId(new_id(Kind.MEDIA_STREAM))
    return ask(
        StartMediaStream(
            stream_id=stream_id,
            leg_id=leg_id,
            url="wss://bot.example/talk?token=secret",
            host="bot.example",
            sample_rate=16000,
            parameters=(Pair(key="language", value="en"),),
        )
    )


def target_of(call: Call) -> Leg:
    """The leg that a transfer under way dials."""
    assert call.transfer is not None
    assert call.transfer.target is not None
    return call.leg(call.transfer.target)
