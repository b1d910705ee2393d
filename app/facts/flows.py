"""Facts about callers in call flows, and the messages they leave."""

from enum import StrEnum

from app.facts.calls import CallFact
from app.facts.vocabulary import Party


class FlowEnding(StrEnum):
    """How a caller left a call flow."""

    COMPLETED = "COMPLETED"
    CONNECTED = "CONNECTED"
    QUEUED = "QUEUED"
    HANDED_ON = "HANDED_ON"
    HANGUP = "HANGUP"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


class GatherResult(StrEnum):
    """What came of asking for digits."""

    MATCHED = "MATCHED"
    NO_MATCH = "NO_MATCH"
    NO_INPUT = "NO_INPUT"


class FlowStarted(CallFact, frozen=True, kw_only=True):
    """The customer is in a call flow. This call keeps the ``version``, whatever changes meanwhile."""

    type = "flow.started"
    flow_id: str
    version: int
    name: str


class FlowStepEntered(CallFact, frozen=True, kw_only=True):
    """The flow has come to a step; ``step_kind`` is what the step does, such as ``gather``."""

    type = "flow.step_entered"
    flow_id: str
    step: str
    step_kind: str


class FlowGathered(CallFact, frozen=True, kw_only=True):
    """A step has asked for digits for the ``attempt``-th time. Digits are masked for readers without ``dtmf:read``."""

    type = "flow.gathered"
    flow_id: str
    step: str
    attempt: int
    result: GatherResult
    digits: str = ""


class FlowEnded(CallFact, frozen=True, kw_only=True):
    """The customer has left the flow, at ``last_step``; ``steps`` is how many it came to.

    ``failure`` says why it is FAILED.
    """

    type = "flow.ended"
    flow_id: str
    version: int
    ending: FlowEnding
    last_step: str | None
    steps: int
    duration_seconds: float
    failure: str | None = None


class VoicemailReceived(CallFact, frozen=True, kw_only=True):
    """A message was left and is in Offhook's store: the recording ``recording_id``."""

    type = "voicemail.received"
    recording_id: str
    caller: Party
    duration_seconds: float
    flow_id: str
    step: str
