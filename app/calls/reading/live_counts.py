"""How many calls are alive, by kind and state: counted from the facts as they are written, and proven now and then."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from app.calls.core.model.call import Call
from app.events.log import Appended
from app.facts.calls import CallConnected, CallCreated, CallEnded, LegAnswered, LegRinging
from app.facts.event import Event
from app.facts.queues import CallWaiting
from app.facts.vocabulary import CallKind, CallState

_STATE_AFTER: Final[Mapping[type, CallState]] = MappingProxyType(
    {
        CallCreated: CallState.DIALING,
        LegRinging: CallState.RINGING,
        LegAnswered: CallState.ANSWERED,
        CallWaiting: CallState.WAITING_IN_QUEUE,
        CallConnected: CallState.CONNECTED,
    }
)
_ORDER: Final = (
    CallState.PENDING,
    CallState.DIALING,
    CallState.RINGING,
    CallState.ANSWERED,
    CallState.WAITING_IN_QUEUE,
    CallState.CONNECTED,
)


class Standing(NamedTuple):
    """What is counted of a call."""

    kind: CallKind
    state: CallState


class LiveCounts:
    """The calls that this process controls: ``log.on_appended(counts.on_appended)``."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}

    def __len__(self) -> int:
        return len(self._standings)

    def forget_all(self) -> None:
        """Begin anew: another process may have had the calls meanwhile."""
        self._standings.clear()

    def on_appended(self, appended: Appended) -> None:
        """Count what was written."""
        for event in appended.events:
            self._count(event)

    def _count(self, event: Event) -> None:
        fact = event.fact
        if isinstance(fact, CallEnded):
            self._standings.pop(event.subject_id, None)
            return
        state = _STATE_AFTER.get(type(fact))
        if state is None or not isinstance(fact, CallCreated | LegRinging | LegAnswered | CallWaiting | CallConnected):
            return
        before = self._standings.get(event.subject_id)
        # The second leg rings while the first has answered: a call never goes back.
        if before is None or _ORDER.index(state) > _ORDER.index(before.state):
            self._standings[event.subject_id] = Standing(fact.call.kind, state)

    def read(self) -> Mapping[tuple[str, ...], float]:
        """How many calls there are, by kind and state."""
        return {tuple(standing): float(count) for standing, count in Counter(self._standings.values()).items()}

    def know(self, call: Call) -> None:
        """Count a call that an earlier process has begun."""
        if _is_counted(call):
            self._standings.setdefault(call.id, Standing(call.kind, call.state))

    def differing(self, calls: Iterable[Call]) -> dict[str, tuple[Standing | None, Standing | None]]:
        """By call, what is counted and what is true, where the two differ. Either may be a moment ahead."""
        true: dict[str, Call] = {call.id: call for call in calls if _is_counted(call)}
        differing: dict[str, tuple[Standing | None, Standing | None]] = {}
        for call_id in true.keys() | self._standings.keys():
            counted, call = self._standings.get(call_id), true.get(call_id)
            standing = None if call is None else Standing(call.kind, call.state)
            # A call whose end is decided stays in its state, whatever its legs still say.
            if counted != standing and not (call is not None and call.is_ending and counted is not None):
                differing[call_id] = (counted, standing)
        return differing

    def correct(self, call_id: str, standing: Standing | None) -> None:
        """Count a call as it truly stands."""
        if standing is None:
            self._standings.pop(call_id, None)
        else:
            self._standings[call_id] = standing


def _is_counted(call: Call) -> bool:
    return call.sequence > 0 and not call.is_ended
