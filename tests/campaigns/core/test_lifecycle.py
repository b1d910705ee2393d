"""Where a campaign can go: every state and every step."""

import pytest

from app.campaigns.core import lifecycle
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.words import CampaignState

#: One row for each state: what each step leads to, `-` where it cannot be taken.
TABLE = """
          | START   | SCHEDULE  | BEGIN   | PAUSE  | TRUNK_FAILED | RESUME  | STOP    | RUN_OUT
DRAFT     | RUNNING | SCHEDULED | -       | -      | -            | -       | -       | -
SCHEDULED | -       | -         | RUNNING | -      | -            | -       | STOPPED | FINISHED
RUNNING   | -       | -         | -       | PAUSED | PAUSED       | -       | STOPPED | FINISHED
PAUSED    | -       | -         | -       | -      | -            | RUNNING | STOPPED | FINISHED
STOPPED   | -       | -         | -       | -      | -            | -       | -       | -
FINISHED  | -       | -         | -       | -      | -            | -       | -       | -
"""


def rows() -> list[tuple[CampaignState, Step, CampaignState | None]]:
    head, *body = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip("\n").splitlines()]
    return [
        (CampaignState(row[0]), Step(step), None if cell == "-" else CampaignState(cell))
        for row in body
        for step, cell in zip(head[1:], row[1:], strict=True)
    ]


@pytest.mark.parametrize(("state", "step", "follows"), rows())
def test_given_a_state_when_a_step_is_taken_then_the_table_says_where_it_leads(
    state: CampaignState, step: Step, follows: CampaignState | None
) -> None:
    assert lifecycle.after(state, step) is follows


def test_given_the_table_when_read_then_it_has_every_state_and_step() -> None:
    assert {(state, step) for state, step, _ in rows()} == {(state, step) for state in CampaignState for step in Step}


def test_given_each_state_when_asked_what_may_be_done_then_only_running_dials_and_the_end_is_the_end() -> None:
    states = list(CampaignState)
    over = [CampaignState.STOPPED, CampaignState.FINISHED]
    assert [state for state in states if lifecycle.may_dial(state)] == [CampaignState.RUNNING]
    assert [state for state in states if lifecycle.is_over(state)] == over
    assert [state for state in states if not lifecycle.may_update(state)] == over
    assert [state for state in states if lifecycle.may_archive(state)] == [CampaignState.DRAFT, *over]
