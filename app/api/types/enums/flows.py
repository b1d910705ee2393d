"""Call flows, and what comes of them."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.flows import FlowEnding, GatherResult
from app.hours.week import Weekday

describe(
    FlowEnding,
    "How a caller left a call flow. " + OPEN,
    {
        "COMPLETED": "The flow came to its end, and hung up.",
        "CONNECTED": "Somebody whom the flow led to has answered.",
        "QUEUED": "It waits in a queue.",
        "HANDED_ON": "It is in another flow.",
        "HANGUP": "It hung up.",
        "STOPPED": "The call was ended otherwise.",
        "FAILED": "The flow could not go on, or led to nobody and did not say what then.",
    },
)
describe(
    GatherResult,
    "What came of asking for digits. " + OPEN,
    {
        "MATCHED": "They fit.",
        "NO_MATCH": "They do not fit.",
        "NO_INPUT": "Nothing was pressed.",
    },
)
describe(
    Weekday,
    "A day of the week.",
    {day.value: f"{day.value.capitalize()}." for day in Weekday},
)
