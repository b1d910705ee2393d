"""What somebody with the right to do so asks of a call, over the API or by telephone."""

from app.calls.core.model.call import UsedKey
from app.calls.core.model.flow import FlowRun
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.calls.core.verbs import Verb
from app.facts.event import Actor
from app.facts.vocabulary import (
    Disposition,
    EndReason,
    Pair,
    Party,
    SupervisionMode,
    TransferKind,
    TransferMethod,
    Words,
)
from app.ids import LegId, SupervisionId, TransferId


class HangupRequested(Words, frozen=True, kw_only=True):
    """Somebody with the right to do so wants the call to end."""

    actor: Actor
    request_id: str | None = None


class UpdateRequested(Words, frozen=True, kw_only=True):
    """The caller's own data on the call change; None leaves a field, ``clear_external_id`` empties it."""

    actor: Actor
    request_id: str | None = None
    external_id: str | None = None
    clear_external_id: bool = False
    metadata: tuple[Pair, ...] | None = None
    tags: tuple[str, ...] | None = None


class Requested(Words, frozen=True, kw_only=True):
    """Somebody with the right to do so asks something of the call; refused when it cannot be done as it stands."""

    verb: Verb
    actor: Actor
    request_id: str | None = None


class TransferRequested(Words, frozen=True, kw_only=True):
    """A party is to be transferred. ``by``: who transfers (None: the agent's side); ``leg``: the target, ready to be
    dialled, and ``or_legs`` more of them, if it has several; ``recall_leg_id`` (and, for more of its phones,
    ``or_recall_leg_ids``): for whoever transferred, should it be called back. ``queue``: where the party waits once
    nobody of these can be had, or at once when there is no ``leg``; ``queue_name`` is then shown as the target.
    ``flow`` likewise leads the party on then, where there is no queue. With ``method`` REFER the party's own device is
    told to call ``refer_to``, and ``leg`` only says who that is.
    """

    key: UsedKey
    transfer_id: TransferId
    kind: TransferKind
    recall_leg_id: LegId
    actor: Actor
    consult_seconds: float
    leg: Leg | None = None
    by: LegId | None = None
    recalls: bool = False
    with_music: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()
    or_recall_leg_ids: tuple[LegId, ...] = ()
    queue: QueueWait | None = None
    queue_name: str | None = None
    flow: FlowRun | None = None
    method: TransferMethod = TransferMethod.BRIDGE
    refer_to: str | None = None


class SupervisionRequested(Words, frozen=True, kw_only=True):
    """Somebody is to listen to the call: ``leg`` is ready to be dialled, and ``or_legs`` for more phones of it."""

    key: UsedKey
    supervision_id: SupervisionId
    mode: SupervisionMode
    leg: Leg
    actor: Actor
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()


class ParticipantRequested(Words, frozen=True, kw_only=True):
    """Somebody is to join the talk: ``leg`` is ready to be dialled, and ``or_legs`` for more phones of it."""

    key: UsedKey
    leg: Leg
    actor: Actor
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()


class ReferAsked(Words, frozen=True, kw_only=True):
    """A leg's phone has asked by REFER to be transferred away from, and takes it for done: to whom is being looked up.

    ``target`` is what the phone dialled. ``recall_leg_id`` and ``or_recall_leg_ids``: for the phones of whoever
    transferred, should it be called back.
    """

    leg_id: LegId
    transfer_id: TransferId
    target: Party
    recall_leg_id: LegId
    or_recall_leg_ids: tuple[LegId, ...] = ()


class ReferAimed(Words, frozen=True, kw_only=True):
    """Whom a phone's transfer goes to: ``leg`` is ready to be dialled, and ``or_legs`` more of them."""

    transfer_id: TransferId
    leg: Leg
    or_legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    agent_name: str | None = None


class ReferRefused(Words, frozen=True, kw_only=True):
    """Whom a phone's transfer goes to may not be called, or cannot be: how that is told."""

    transfer_id: TransferId
    disposition: Disposition
    end_reason: EndReason


class LegReplaced(Words, frozen=True, kw_only=True):
    """Asterisk has put the end of a link to another call in a leg's place: its phone has transferred attended.

    ``channel_id`` and ``channel_name`` are of that end, ``link_leg_id`` is for the leg that it becomes; ``party`` is
    who talks through it. ``actor`` is the phone.
    """

    leg_id: LegId
    transfer_id: TransferId
    link_leg_id: LegId
    channel_id: str
    channel_name: str
    party: Party
    actor: Actor
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
