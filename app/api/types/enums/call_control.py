"""What is done with a live call."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.vocabulary import (
    MuteDirection,
    SupervisionEnd,
    SupervisionMode,
    SupervisionState,
    Tone,
    TransferKind,
    TransferMethod,
    TransferState,
)

describe(
    SupervisionMode,
    "What a supervisor does with the talk. " + OPEN,
    {
        "MONITOR": "Hears all, is heard by nobody.",
        "WHISPER": "Hears all, is heard by the agent alone.",
        "BARGE": "Hears all, is heard by all.",
    },
)
describe(
    SupervisionState,
    "Where a supervision stands. " + OPEN,
    {
        "RINGING": "The supervisor's phone is called.",
        "JOINING": "The supervisor has answered, and is being let in; or waits for somebody in the agent's place.",
        "ACTIVE": "The supervisor hears the talk.",
    },
)
describe(
    SupervisionEnd,
    "Why a supervision ended. " + OPEN,
    {
        "STOPPED": "By request.",
        "HANGUP": "The supervisor hung up.",
        "NOT_REACHED": "The supervisor did not answer: busy, no answer, unreachable.",
        "CALL_ENDED": "The call ended.",
        "FAILED": "Asterisk could not let the supervisor in.",
    },
)
describe(
    TransferKind,
    "Whether whoever transfers speaks to the target first. " + OPEN,
    {
        "BLIND": "No: whoever transfers is let go at once, and the target rings.",
        "ATTENDED": "Yes: the transferee is held until `completeTransfer`.",
    },
)
describe(
    TransferMethod,
    "Who calls the target of a transfer. " + OPEN,
    {
        "BRIDGE": "Offhook, and puts it together with the transferee. Works everywhere.",
        "REFER": "The transferee's own device, which is told to (SIP REFER): from then on they talk without Offhook. "
        "For trunks that follow; those that do not say so, and the two talk on.",
    },
)
describe(
    TransferState,
    "Where a transfer under way stands. " + OPEN,
    {
        "DIALING": "The target is dialled, or rings.",
        "WAITING": "The transferee waits in the queue that is the target.",
        "CONSULTING": "Whoever transfers speaks to the target; the transferee is held.",
        "RECALLING": "The target could not be had, and whoever transferred is called back.",
    },
)
describe(
    MuteDirection,
    "Which way a leg is silenced.",
    {
        "IN": "The others do not hear it.",
        "OUT": "It does not hear the others.",
        "BOTH": "Both ways: the others do not hear it, and it does not hear them.",
    },
)
describe(
    Tone,
    "A tone that callers know. What it sounds like is the country's that the Asterisk is set to. " + OPEN,
    {
        "DIAL": "Dial a number.",
        "RING": "It rings at the other end.",
        "BUSY": "Busy.",
        "CONGESTION": "The network is busy.",
        "BEEP": "A short beep.",
    },
)
