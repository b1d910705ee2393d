"""After a gap: what Asterisk has, against what the database says, for the things that are ours.

On every connect: adopt what is alive and known, close what is gone, hang up what no call owns. Channels and bridges
without our prefix and node are nobody's business here.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from app.ari.client import AriClient
from app.ari.errors import AriError, AriNotFound
from app.calls import inputs
from app.calls.actor import CallActor
from app.calls.executor import NORMAL_CLEARING, Executor
from app.calls.model import Call, PartState
from app.calls.names import call_in, leg_in, recorded_side, snoop_of
from app.calls.recording import resume_collecting
from app.calls.registry import CallRegistry
from app.calls.store import CallStore
from app.clock import Clock
from app.errors import OverloadedError
from app.facts.vocabulary import LegRole, RecordingState
from app.ids import RecordingId, asterisk_prefix

_log = structlog.get_logger(__name__)

#: Look-ups under way at once: enough to be quick, few enough to leave Asterisk its breath.
CONCURRENT_LOOKUPS: Final = 16


class Reconciler:
    """Makes this node's calls agree with its Asterisk."""

    def __init__(
        self,
        ari: AriClient,
        store: CallStore,
        registry: CallRegistry,
        executor: Executor,
        clock: Clock,
        *,
        node: str,
    ) -> None:
        self._ari = ari
        self._store = store
        self._registry = registry
        self._executor = executor
        self._clock = clock
        self._node = node

    async def run(self, *, blind_from: datetime | None, is_node_lost: bool) -> None:
        """Reconcile once. ``blind_from``: since when events may have been missed (None: since this process began).

        Raises:
            AriError: Asterisk went away again; the next connect starts over.
            DatabaseUnavailableError: likewise for the database.
        """
        adopted = await self._adopt()
        if is_node_lost:
            for actor in self._registry:
                _post(actor, inputs.NodeLost())
        else:
            await self._look_up_all(tuple(self._registry), blind_from)
        self._registry.release()
        hung_up = await self._hang_up_strays()
        destroyed = await self._destroy_stray_bridges()
        _log.info(
            "reconciled",
            adopted=adopted,
            live=len(self._registry),
            strays_hung_up=hung_up,
            bridges_destroyed=destroyed,
            node_lost=is_node_lost,
        )

    async def audit(self) -> None:
        """Look for what fell between: open calls without an actor, channels and bridges that no call owns.

        Raises:
            AriError, DatabaseUnavailableError: as :meth:`run`.
        """
        await self._adopt()
        if adopted := self._registry.held:  # an earlier audit's too, that did not come to the end
            await self._look_up_all(adopted, None)
            self._registry.release()
            _log.warning("audit_adopted_calls", calls=len(adopted))
        channels, bridges = await self._hang_up_strays(), await self._destroy_stray_bridges()
        if channels or bridges:
            _log.warning("audit_found_strays", channels=channels, bridges=bridges)

    async def _adopt(self) -> int:
        """Give an actor to every open call in the database that has none."""
        adopted = 0
        for listed in await self._store.load_open(self._node):
            if self._registry.find(listed.id) is not None:
                continue
            # Whoever had it when the list was read may have finished it since: only what is still open has no owner.
            call = await self._store.load(listed.id)
            if call is None or call.is_settled or self._registry.find(call.id) is not None:
                continue
            actor = self._registry.adopt(call)
            for command in resume_collecting(call):
                for consequence in await self._executor.carry_out(call, command):
                    _post(actor, consequence)
            adopted += 1
        return adopted

    async def _look_up_all(self, actors: Sequence[CallActor], blind_from: datetime | None) -> None:
        slots = asyncio.Semaphore(CONCURRENT_LOOKUPS)

        async def look_up(actor: CallActor) -> None:
            async with slots:
                await self._look_up(actor, blind_from)

        # All of them, whatever becomes of one: and then the first error as itself, not as a group of errors.
        for result in await asyncio.gather(*(look_up(actor) for actor in actors), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _look_up(self, actor: CallActor, blind_from: datetime | None) -> None:
        call = actor.call
        living = [leg for leg in call.legs if leg.is_alive]
        if living:
            began = blind_from if blind_from is not None else _last_instant(call)
            _post(actor, inputs.Recovered(blind_from=began, blind_until=self._clock.now()))
        for leg in living:
            for found in await self._executor.look_up(leg.id, is_late=True):
                _post(actor, found)
        for recording in call.recordings:
            if recording.state is not RecordingState.RECORDING:
                continue
            for part in recording.parts:
                if part.state is PartState.RECORDING and not await self._is_recording(recording.id, part.role):
                    _post(actor, inputs.PartStopped(recording_id=recording.id, role=part.role))

    async def _is_recording(self, recording_id: RecordingId, role: LegRole) -> bool:
        try:
            await self._ari.get_live(snoop_of(self._node, recording_id, role))
        except AriNotFound:
            return False
        return True

    async def _hang_up_strays(self) -> int:
        hung_up = 0
        for channel in await self._ari.list_channels():
            if channel.id.startswith(asterisk_prefix(self._node)) and not self._is_owned(channel.id):
                await self.hang_up(channel.id)
                hung_up += 1
        return hung_up

    async def hang_up(self, channel_id: str) -> None:
        """End a channel that no call owns. What cannot be ended now is found by the next reconcile."""
        try:
            await self._ari.hangup(channel_id, reason_code=NORMAL_CLEARING)
        except AriNotFound:
            return  # it went by itself
        except AriError as error:
            _log.warning("stray_not_hung_up", reason=str(error))
        else:
            _log.info("stray_hung_up", channel_id=channel_id)

    def _is_owned(self, channel_id: str) -> bool:
        leg_id = leg_in(self._node, channel_id)
        if leg_id is not None:
            actor = self._registry.owner_of(leg_id)
            return actor is not None and actor.call.leg(leg_id).is_alive
        side = recorded_side(self._node, channel_id)
        if side is not None:
            actor = self._registry.owner_of(side[0])
            recording = actor.call.recording(side[0]) if actor else None
            return recording is not None and recording.state in {RecordingState.PENDING, RecordingState.RECORDING}
        return False

    async def _destroy_stray_bridges(self) -> int:
        destroyed = 0
        for bridge in await self._ari.list_bridges():
            if not bridge.id.startswith(asterisk_prefix(self._node)):
                continue
            call_id = call_in(self._node, bridge.id)
            actor = self._registry.find(call_id) if call_id else None
            if actor is None or actor.call.is_ended:
                with suppress(AriNotFound):  # it went by itself
                    await self._ari.destroy_bridge(bridge.id)
                    destroyed += 1
        return destroyed


def _post(actor: CallActor, event: inputs.Input) -> None:
    try:
        actor.post(event)
    except OverloadedError as error:
        _log.error("reconcile_postponed", call_id=actor.call.id, reason=error.message)


def _last_instant(call: Call) -> datetime:
    """The last thing known to have happened in a call before this process began."""
    instants = [call.created_at, call.connected_at]
    for leg in call.legs:
        instants += [leg.dialing_at, leg.ringing_at, leg.answered_at, leg.ended_at]
    return max(instant for instant in instants if instant is not None)
