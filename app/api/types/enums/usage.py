"""Caps and suspension."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.usage import Cap, SuspendedBy

describe(
    Cap,
    "A cap of an account. " + OPEN,
    {
        "CALLS_PER_SECOND": "How many calls may begin in any second.",
        "CONCURRENT_CALLS": "How many calls it may have at the same time; every leg to an outside number counts.",
        "DAILY_SPEND": "What calls may cost in a day of the account's own time zone.",
    },
)
describe(
    SuspendedBy,
    "Who has suspended an account. " + OPEN,
    {
        "OPERATOR": "Whoever runs Offhook: the account's keys are refused until the operator resumes it.",
        "ACCOUNT": "The account itself: its keys may still read, and resume it.",
    },
)
