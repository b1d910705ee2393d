"""Channels that Asterisk puts into the place of a leg in its bridge, without being asked by us.

Whoever knows a dialog's tags can send an INVITE that takes its place (``Replaces``, RFC 3891): that one has to go, and
the leg comes back. A telephone that transfers by SIP REFER has Asterisk put half of a local channel there: of a blind
transfer it leads to what was dialled, of an attended one it is the end of a link between two calls. These are transfers
like any other, to be told and carried out as such. The phone has been told that it is done, and hangs up: so the call
must know of it at once, before anything is looked up.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import structlog

from app.ari.signals import StasisStart
from app.calls.core.inputs import LegMisplaced, LegReplaced, ReferAimed, ReferAsked, ReferRefused
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.waves import phones_of
from app.calls.hearing.translate import Known
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.planning.refer_targets import dialled_party
from app.errors import OverloadedError, RefusedError
from app.facts.event import Actor, ActorKind
from app.ids import Kind, LegId, TransferId, new_id

_log = structlog.get_logger(__name__)

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, object]], object]

#: Named by Asterisk after what was dialled, and the dialplan's context for it.
_BLIND: Final = re.compile(r"Local/(\+?[0-9]{2,18})@offhook-refer-[0-9a-f]+;1", re.ASCII)
#: The two ends of a link share all but the last digit.
_LINK: Final = re.compile(r"(Local/_attended@transfer-[0-9a-f]+;)[12]", re.ASCII)
#: Both ends of a link come within milliseconds.
_PAIR_SECONDS: Final = 5.0
_MOST_PAIRS: Final = 256


class Targets(Protocol):
    """Who looks up what phones dial."""

    async def find(self, call: Call, by: LegId, transfer_id: TransferId, dialled: str) -> ReferAimed | ReferRefused:
        """Whom the digits lead to, or how it comes out without anybody."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a link, and the leg whose place it has."""

    leg_id: LegId
    channel_id: str
    channel_name: str


class Intruders:
    """Deals with them. ``hang_up`` ends a channel; ``spawn`` runs what takes time."""

    def __init__(
        self,
        registry: CallRegistry,
        *,
        node: str,
        hang_up: Callable[[str], Coroutine[Any, Any, object]],
        spawn: Spawn,
        targets: Targets | None,
    ) -> None:
        self._registry = registry
        self._node = node
        self._hang_up = hang_up
        self._spawn = spawn
        self._targets = targets
        self._half: dict[str, _End] = {}

    def take(self, event: StasisStart) -> None:
        """A channel has come in the place of another; when that is no leg of ours, it is nobody's business here."""
        known = Known(self._node, self._registry.callers)
        leg_id = None if event.replace_channel is None else known.leg_of(event.replace_channel.id)
        if leg_id is None:
            return
        end = _End(leg_id, event.channel.id, event.channel.name)
        blind, link = _BLIND.fullmatch(end.channel_name), _LINK.fullmatch(end.channel_name)
        if blind is not None and self._targets is not None:
            self._take_blind(end, blind[1], self._targets, event)
        elif link is not None and self._targets is not None:
            self._take_end(end, link[1])
        else:
            _log.warning("leg_replaced", leg_id=leg_id, channel_id=end.channel_id)
            self._undo(end)

    def _take_blind(self, end: _End, dialled: str, targets: Targets, event: StasisStart) -> None:
        """The local channel has said what it is for, and goes; the transferee is in our bridge."""
        self._spawn(self._hang_up(end.channel_id))
        actor = self._registry.owner_of(end.leg_id)
        if actor is None:
            return
        more = len(phones_of(actor.call, actor.call.leg(end.leg_id))) - 1
        asked = ReferAsked(
            leg_id=end.leg_id,
            transfer_id=TransferId(new_id(Kind.TRANSFER)),
            target=dialled_party(dialled),
            recall_leg_id=LegId(new_id(Kind.LEG)),
            or_recall_leg_ids=tuple(LegId(new_id(Kind.LEG)) for _ in range(more)),
        )
        if self._registry.post(end.leg_id, asked, at=event.timestamp):
            self._spawn(self._aim(actor, targets, asked, dialled))

    async def _aim(self, actor: CallActor, targets: Targets, asked: ReferAsked, dialled: str) -> None:
        found = await targets.find(actor.call, asked.leg_id, asked.transfer_id, dialled)
        self._registry.post(asked.leg_id, found)

    def _take_end(self, end: _End, link: str) -> None:
        other = self._half.pop(link, None)
        if other is None:
            if len(self._half) >= _MOST_PAIRS:
                self._undo(end)
                return
            self._half[link] = end
            asyncio.get_running_loop().call_later(_PAIR_SECONDS, self._give_up, link, end)
            return
        one, another = self._owner_of(end), self._owner_of(other)
        if one is None or another is None or one is another or one.call.account_id != another.call.account_id:
            self._undo(end)
            self._undo(other)
            return
        self._link(one, end, another.call, other)
        self._link(another, other, one.call, end)

    def _owner_of(self, end: _End) -> CallActor | None:
        actor = self._registry.owner_of(end.leg_id)
        return actor if actor is not None and actor.call.is_seated(actor.call.leg(end.leg_id)) else None

    def _link(self, actor: CallActor, end: _End, beyond: Call, other: _End) -> None:
        """From here on the party across from the leg talks to the one across from the other leg, in the other call."""
        partner = beyond.other(beyond.leg(other.leg_id))
        if partner is None:
            self._undo(end)
            return
        replaced = LegReplaced(
            leg_id=end.leg_id,
            transfer_id=TransferId(new_id(Kind.TRANSFER)),
            link_leg_id=LegId(new_id(Kind.LEG)),
            channel_id=end.channel_id,
            channel_name=end.channel_name,
            party=partner.party,
            actor=Actor(kind=ActorKind.PARTY, id=end.leg_id),
            **_agent_behind(beyond, partner),
        )
        try:
            answer = actor.ask(replaced)
        except OverloadedError:
            self._undo(end)
            return
        self._spawn(self._see_to(end, answer))

    async def _see_to(self, end: _End, answer: "asyncio.Future[Call]") -> None:
        try:
            await answer
        except RefusedError as refused:
            _log.info("link_refused", leg_id=end.leg_id, state=refused.problems[0].current_state)
            self._undo(end)

    def _give_up(self, link: str, end: _End) -> None:
        if self._half.get(link) is end:
            del self._half[link]
            self._undo(end)

    def _undo(self, end: _End) -> None:
        """Whatever was put there goes, and the leg comes back."""
        self._spawn(self._hang_up(end.channel_id))
        self._registry.post(end.leg_id, LegMisplaced(leg_id=end.leg_id))


def _agent_behind(call: Call, partner: Leg) -> dict[str, str | None]:
    if call.agent_leg_id != partner.id:
        return {"agent_id": partner.agent_id, "agent_name": None}
    return {"agent_id": call.agent_id, "agent_name": call.agent_name}
