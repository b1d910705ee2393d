"""What is thought of a number, from what is known about it. Pure.

A number is flagged while anything speaks against it, and a good word outweighs nothing: a provider that knows of no
complaint does not undo those that customers have made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ReputationVerdict(StrEnum):
    """What is thought of a number. FLAGGED ones are not shown."""

    CLEAN = "CLEAN"
    UNKNOWN = "UNKNOWN"
    FLAGGED = "FLAGGED"


class FlagReason(StrEnum):
    """What speaks against a number."""

    MANUAL = "MANUAL"
    LISTED = "LISTED"
    PROVIDER = "PROVIDER"
    COMPLAINTS = "COMPLAINTS"
    UNWANTED = "UNWANTED"
    LOW_ANSWER_RATE = "LOW_ANSWER_RATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When own history speaks against a number.

    ``least_answer_rate`` and ``most_unwanted_rate`` are shares from 0 to 1, judged from ``least_calls`` on within
    ``window_days``; ``flagging_complaints`` is how many complaints within ``complaint_days`` flag. A least answer rate
    or a number of complaints of 0, and a most unwanted rate of 1, never flag.
    """

    window_days: int = 7
    least_calls: int = 50
    least_answer_rate: float = 0.05
    most_unwanted_rate: float = 0.02
    flagging_complaints: int = 3
    complaint_days: int = 30


@dataclass(frozen=True, slots=True)
class Listing:
    """That a number is on an imported list, and what that says of it."""

    source: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the provider says of a number, as long as it is good."""

    is_flagged: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known about a number.

    ``calls`` are those in the window that tell something: people at the other end answered, or let it ring, or
    declined; ``answered`` and ``unwanted`` (SIP 607 and 608) are among them. ``manual`` is what somebody wrote who
    flagged it by hand.
    """

    calls: int = 0
    answered: int = 0
    unwanted: int = 0
    complaints: int = 0
    listings: Sequence[Listing] = ()
    opinion: Opinion | None = None
    manual: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against a number, in words for its owner."""

    code: FlagReason
    message: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of a number, and why: ``reasons`` are there exactly when it is flagged."""

    verdict: ReputationVerdict
    reasons: tuple[Reason, ...] = ()


def judge(evidence: Evidence, rules: Rules) -> Judgement:
    """What is thought of the number, the reasons in the order of who can mend them soonest."""
    reasons = _said(evidence) + _counted(evidence, rules)
    if reasons:
        return Judgement(ReputationVerdict.FLAGGED, tuple(reasons))
    has_history = evidence.calls >= max(rules.least_calls, 1)
    is_vouched_for = evidence.opinion is not None and not evidence.opinion.is_flagged
    return Judgement(ReputationVerdict.CLEAN if has_history or is_vouched_for else ReputationVerdict.UNKNOWN)


def _said(evidence: Evidence) -> list[Reason]:
    """What somebody says of it."""
    reasons = []
    if evidence.manual is not None:
        reasons.append(Reason(FlagReason.MANUAL, f"It was flagged by hand: {evidence.manual}"))
    for listing in evidence.listings:
        tail = "" if listing.reason is None else f": {listing.reason}"
        reasons.append(Reason(FlagReason.LISTED, f"It is on the imported list {listing.source}{tail}."))
    if evidence.opinion is not None and evidence.opinion.is_flagged:
        tail = "" if evidence.opinion.reason is None else f": {evidence.opinion.reason}"
        reasons.append(Reason(FlagReason.PROVIDER, f"The reputation provider flags it{tail}."))
    return reasons


def _counted(evidence: Evidence, rules: Rules) -> list[Reason]:
    """What its own history says of it."""
    reasons = []
    if 0 < rules.flagging_complaints <= evidence.complaints:
        message = (
            f"{evidence.complaints} complaints within {rules.complaint_days} days; {rules.flagging_complaints} flag."
        )
        reasons.append(Reason(FlagReason.COMPLAINTS, message))
    if evidence.calls == 0 or evidence.calls < rules.least_calls:
        return reasons
    unwanted = evidence.unwanted / evidence.calls
    if unwanted > rules.most_unwanted_rate:
        message = (
            f"{unwanted:.1%} of {evidence.calls} calls within {rules.window_days} days were refused as unwanted "
            f"(SIP 607, 608); more than {rules.most_unwanted_rate:.1%} flag."
        )
        reasons.append(Reason(FlagReason.UNWANTED, message))
    rate = evidence.answered / evidence.calls
    if rate < rules.least_answer_rate:
        message = (
            f"{rate:.1%} of {evidence.calls} calls within {rules.window_days} days were answered; "
            f"less than {rules.least_answer_rate:.1%} flag."
        )
        reasons.append(Reason(FlagReason.LOW_ANSWER_RATE, message))
    return reasons
