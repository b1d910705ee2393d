"""Where a campaign can go from where it is: the table, and nothing besides.

STOPPED and FINISHED are the end; PAUSED comes back. What is under way when a campaign is paused or stopped goes on to
its own end, but no call begins: who claims contacts asks `may_dial` in the same transaction.
"""

from enum import StrEnum
from typing import Final

from app.campaigns.core.words import CampaignState

_S = CampaignState


class Step(StrEnum):
    """What can happen to a campaign, asked for or by itself.

    START begins now, SCHEDULE waits for the campaign's start, which is BEGIN. TRUNK_FAILED is the circuit breaker's
    pause. RUN_OUT: every contact has its outcome, or the campaign's end has come.
    """

    START = "START"
    SCHEDULE = "SCHEDULE"
    BEGIN = "BEGIN"
    PAUSE = "PAUSE"
    TRUNK_FAILED = "TRUNK_FAILED"
    RESUME = "RESUME"
    STOP = "STOP"
    RUN_OUT = "RUN_OUT"


#: The state after the step; a step that is not here cannot be taken.
TRANSITIONS: Final = {
    (_S.DRAFT, Step.START): _S.RUNNING,
    (_S.DRAFT, Step.SCHEDULE): _S.SCHEDULED,
    (_S.SCHEDULED, Step.BEGIN): _S.RUNNING,
    (_S.SCHEDULED, Step.STOP): _S.STOPPED,
    (_S.SCHEDULED, Step.RUN_OUT): _S.FINISHED,
    (_S.RUNNING, Step.PAUSE): _S.PAUSED,
    (_S.RUNNING, Step.TRUNK_FAILED): _S.PAUSED,
    (_S.RUNNING, Step.STOP): _S.STOPPED,
    (_S.RUNNING, Step.RUN_OUT): _S.FINISHED,
    (_S.PAUSED, Step.RESUME): _S.RUNNING,
    (_S.PAUSED, Step.STOP): _S.STOPPED,
    (_S.PAUSED, Step.RUN_OUT): _S.FINISHED,
}

_OVER: Final = frozenset({_S.STOPPED, _S.FINISHED})


def after(state: CampaignState, step: Step) -> CampaignState | None:
    """The state after the step, or None when it cannot be taken (INVALID_STATE)."""
    return TRANSITIONS.get((state, step))


def may_dial(state: CampaignState) -> bool:
    """Whether a call may begin."""
    return state is CampaignState.RUNNING


def may_update(state: CampaignState) -> bool:
    """Whether the campaign may be changed; while it runs, what changes counts from the next decision on."""
    return state not in _OVER


def may_archive(state: CampaignState) -> bool:
    """Whether the campaign may be put away: it never ran, or is over."""
    return state is CampaignState.DRAFT or state in _OVER


def is_over(state: CampaignState) -> bool:
    """Whether nothing happens any more."""
    return state in _OVER
