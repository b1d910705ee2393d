"""Telephone numbers."""

from app.api.types.enums.describing import OPEN, describe
from app.numbers.lookup import LineType

describe(
    LineType,
    "What kind of line a number is, as far as its range tells. " + OPEN,
    {
        "FIXED_LINE": "A fixed line.",
        "MOBILE": "A mobile phone.",
        "FIXED_LINE_OR_MOBILE": "Either: the range does not tell (as in North America).",
        "TOLL_FREE": "Free for who calls.",
        "PREMIUM_RATE": "Costs extra.",
        "SHARED_COST": "Cost shared between both sides.",
        "VOIP": "A voice-over-IP service.",
        "PERSONAL_NUMBER": "A personal number that may lead anywhere.",
        "PAGER": "A pager.",
        "UNIVERSAL_ACCESS": "A company's number for the whole country.",
        "VOICEMAIL": "A voicemail access number.",
        "SANDBOX": "One of the sandbox's made-up numbers.",
        "UNKNOWN": "The range does not tell.",
    },
)
