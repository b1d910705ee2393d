"""Telephone numbers."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.vocabulary import Nearness
from app.numbers.lookup import LineType
from app.reputation.judging import FlagReason, ReputationVerdict

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
describe(
    ReputationVerdict,
    "What is thought of a number. " + OPEN,
    {
        "CLEAN": "Nothing speaks against it, and enough calls or the provider speak for it.",
        "UNKNOWN": "Nothing speaks against it, and too little is known to say more.",
        "FLAGGED": "Something speaks against it: no call is placed with it.",
    },
)
describe(
    FlagReason,
    "What speaks against a number. " + OPEN,
    {
        "MANUAL": "It was flagged by `flagOutboundNumber`.",
        "LISTED": "It is on a list that was imported (`importFlaggedNumbers`).",
        "PROVIDER": "The reputation provider flags it.",
        "COMPLAINTS": "There were as many complaints as flag.",
        "UNWANTED": "Too many calls were refused as unwanted (SIP 607 and 608).",
        "LOW_ANSWER_RATE": "Too few of its calls were answered.",
    },
)
describe(
    Nearness,
    "How near two numbers are, as far as their digits tell. " + OPEN,
    {
        "SAME_AREA": "They have the same country and area code.",
        "SAME_COUNTRY": "They are of the same country.",
        "ELSEWHERE": "They are of different countries, or nobody can tell.",
    },
)
