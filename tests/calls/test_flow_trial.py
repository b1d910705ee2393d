"""A call flow tried out: the path taken for what a caller does, and nothing of it done."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.calls.leading.flow_trial import (
    Action,
    HangsUp,
    IsReached,
    Presses,
    ProgramEnds,
    ProgramFails,
    Speaks,
    Trial,
    Waits,
    try_flow,
)
from app.facts.flows import FlowEnding
from app.facts.vocabulary import Disposition, Party, Tone
from app.flows.steps import (
    Branch,
    Case,
    Enqueue,
    Gather,
    HangUp,
    MediaStream,
    PlayInstalled,
    PlaySpeech,
    PlayTone,
    Record,
    Speak,
    Step,
    Target,
    TimeIs,
    Transfer,
    VariableIs,
    Voicemail,
)
from tests.calls.flow_calls import run_of, say, survey

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CALLER = Party(number="+4930123456")


def tried(steps: Sequence[Step], *actions: Action, at: datetime = NOON) -> Trial:
    return try_flow(run_of(steps), actions, at=at, caller=CALLER, dialled="+15550100000")


def path(trial: Trial) -> list[str]:
    return [one.step for one in trial.path]


@pytest.mark.parametrize(
    ("actions", "expected", "ending", "disposition"),
    [
        ([Presses("1")], ["menu", "one", "bye"], FlowEnding.COMPLETED, Disposition.ANSWERED),
        ([Presses("9"), Presses("2")], ["menu", "two", "bye"], FlowEnding.COMPLETED, Disposition.ANSWERED),
        ([Waits(), Presses("9")], ["menu", "wrong", "bye"], FlowEnding.COMPLETED, Disposition.ANSWERED),
        ([], ["menu", "nothing", "bye"], FlowEnding.COMPLETED, Disposition.ANSWERED),
        ([HangsUp()], ["menu"], FlowEnding.HANGUP, Disposition.ANSWERED),
    ],
)
def test_given_a_survey_when_tried_then_each_branch_is_taken_for_its_own_reason(
    actions: list[Action], expected: list[str], ending: FlowEnding, disposition: Disposition
) -> None:
    trial = tried(survey(), *actions)
    assert path(trial) == expected
    assert trial.ended is not None
    assert (trial.ended.ending, trial.disposition) == (ending, disposition)
    assert trial.unused_actions == 0
    assert not trial.is_cut


def test_given_texts_when_tried_then_what_would_be_said_is_told_with_its_variables() -> None:
    steps: tuple[Step, ...] = (
        Gather(
            name="ask",
            prompt=(PlayInstalled(name="enter"), PlaySpeech(text="You, {caller}")),
            max_digits=4,
            next="read",
            variable="pin",
            no_input="bye",
        ),
        Speak(name="read", speech=PlaySpeech(text="It is {pin}."), next="bye"),
        HangUp(name="bye"),
    )
    trial = tried(steps, Presses("42#"))
    assert trial.path[0].hears == [PlayInstalled(name="enter"), PlaySpeech(text="You, 4 9 3 0 1 2 3 4 5 6")]
    assert [(one.result.value, one.digits) for one in trial.path[0].gathered] == [("MATCHED", "42")]
    assert trial.path[1].hears == [PlaySpeech(text="It is 4 2.")]


def test_given_whom_it_leads_to_when_tried_then_it_is_told_and_nobody_is_looked_up() -> None:
    steps: tuple[Step, ...] = (
        Transfer(name="agent", target=Target(agent_id="agent_1"), failed="other"),
        Transfer(name="other", target=Target(number="+15550100001"), failed="wait"),
        Enqueue(name="wait", queue_id="queue_1"),
    )
    nobody = tried(steps, IsReached(answers=False))
    assert path(nobody) == ["agent", "other", "wait"]
    assert [one.reaches for one in nobody.path] == [
        Target(agent_id="agent_1"),
        Target(number="+15550100001"),
        Target(queue_id="queue_1"),
    ]
    assert nobody.ended is not None
    assert nobody.ended.ending is FlowEnding.QUEUED
    second = tried(steps, IsReached(answers=False), IsReached(answers=True))
    assert path(second) == ["agent", "other"]
    assert second.ended is not None
    assert second.ended.ending is FlowEnding.CONNECTED
    assert second.disposition is None, "it goes on"


def test_given_messages_when_tried_then_speech_is_kept_and_silence_is_not() -> None:
    steps: tuple[Step, ...] = (
        Record(name="name", next="message", no_message="sorry"),
        Voicemail(name="message", greeting=(PlayTone(tone=Tone.RING, seconds=2.0),), silence_seconds=None, next="bye"),
        say("sorry", "bye"),
        HangUp(name="bye"),
    )
    spoken = tried(steps, Speaks(3.0), Speaks(5.0))
    assert path(spoken) == ["name", "message", "bye"]
    assert [one.records for one in spoken.path] == [True, True, False]
    assert spoken.disposition is Disposition.VOICEMAIL
    silent = tried(steps, Waits())
    assert path(silent) == ["name", "sorry", "bye"]
    assert silent.disposition is Disposition.ANSWERED


def test_given_opening_hours_when_tried_at_two_instants_then_two_ways_are_taken() -> None:
    hours = TimeIs(time_zone="Europe/Berlin", from_time="09:00", to_time="17:00")
    steps: tuple[Step, ...] = (
        Branch(name="hours", cases=(Case(condition=hours, next="open"),), otherwise="closed"),
        say("open", "bye"),
        say("closed", "bye"),
        HangUp(name="bye"),
    )
    assert path(tried(steps))[1] == "open"
    assert path(tried(steps, at=NOON.replace(hour=17)))[1] == "closed"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([ProgramEnds("sales")], ["bot", "which", "sales", "bye"]),
        ([ProgramEnds("other")], ["bot", "which", "bye"]),
        ([ProgramEnds()], ["bot", "which", "bye"]),
        ([], ["bot", "which", "bye"]),
        ([ProgramFails()], ["bot", "sorry", "bye"]),
        ([HangsUp()], ["bot"]),
    ],
)
def test_given_a_program_when_tried_then_its_word_leads_on_or_the_step_for_when_it_cannot_be_had(
    actions: list[Action], expected: list[str]
) -> None:
    is_sales = VariableIs(variable="wish", one_of=("sales",))
    steps: tuple[Step, ...] = (
        MediaStream(name="bot", url="wss://bot.example/talk", next="which", failed="sorry", variable="wish"),
        Branch(name="which", cases=(Case(condition=is_sales, next="sales"),), otherwise="bye"),
        say("sales", "bye"),
        say("sorry", "bye"),
        HangUp(name="bye"),
    )
    trial = tried(steps, *actions)
    assert path(trial) == expected
    assert trial.unused_actions == 0


def test_given_the_same_again_when_tried_then_the_same_comes_of_it() -> None:
    assert tried(survey(), Presses("1")) == tried(survey(), Presses("1"))
