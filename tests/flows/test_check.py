"""What is wrong with a flow: every code, at the field that is to blame."""

import msgspec
import pytest

from app.facts.vocabulary import Pair, Tone
from app.flows import limits
from app.flows.check import check_flow
from app.flows.steps import (
    Branch,
    Case,
    Enqueue,
    Flow,
    Gather,
    HangUp,
    MediaStream,
    Option,
    Play,
    PlayDigits,
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
    flow_as_json,
    flow_from_json,
)
from app.hours.week import Weekday

BYE = HangUp(name="bye")
BEEP = (PlayTone(tone=Tone.BEEP),)


def gather(**changes: object) -> Gather:
    plain = Gather(name="menu", options=(Option(digits="1", next="bye"),), no_input="bye")
    return msgspec.structs.replace(plain, **changes)


def found(*steps: Step, start: str | None = None) -> list[tuple[str, str]]:
    """Code and field of each problem."""
    flow = Flow(start=start or (steps[0].name if steps else "a"), steps=steps)
    return [(problem.code, ".".join(problem.field)) for problem in check_flow(flow)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("debt", "name", "caller_2"), []),
        ((), [("NOT_FOUND", "steps.0.speak.text")]),
        (("debt", "caller"), [("INVALID_INPUT", "fields.1")]),
        (("debt", "Debt"), [("INVALID_INPUT", "fields.1")]),
        (("debt", "debt"), [("ALREADY_EXISTS", "fields.1")]),
        (tuple(f"field{n}" for n in range(51)), [("NOT_FOUND", "steps.0.speak.text"), ("INVALID_INPUT", "fields")]),
    ],
)
def test_given_fields_when_a_text_uses_one_then_it_is_there_and_each_is_a_variable_once(
    fields: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    speak = Speak(name="say", speech=PlaySpeech(text="You owe {debt}."), next="bye")
    flow = Flow(start="say", steps=(speak, BYE), fields=fields)
    assert [(one.code, ".".join(one.field)) for one in check_flow(flow)] == expected
    assert flow_from_json(flow_as_json(flow)) == flow


def branch(condition: VariableIs | TimeIs) -> Branch:
    return Branch(name="which", cases=(Case(condition=condition, next="bye"),), otherwise="bye")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), [("INVALID_INPUT", "steps")]),
        (tuple(HangUp(name=f"s{n}") for n in range(101)), [("INVALID_INPUT", "steps")]),
        ((HangUp(name=""),), [("INVALID_INPUT", "steps.0.hangUp.name")]),
        ((HangUp(name="a\nb"),), [("INVALID_INPUT", "steps.0.hangUp.name")]),
        ((BYE, BYE), [("ALREADY_EXISTS", "steps.1.hangUp.name")]),
        ((Play(name="a", sounds=(), next="bye"), BYE), [("INVALID_INPUT", "steps.0.play.sounds")]),
        (
            (Play(name="a", sounds=(PlayInstalled(name="../etc/passwd"),), next="bye"), BYE),
            [("INVALID_INPUT", "steps.0.play.sounds.0.installed")],
        ),
        (
            (Play(name="a", sounds=(PlayDigits(digits="12a"),), next="bye"), BYE),
            [("INVALID_INPUT", "steps.0.play.sounds.0.digits")],
        ),
        (
            (Play(name="a", sounds=(PlayTone(tone=Tone.RING, seconds=float("nan")),), next="bye"), BYE),
            [("INVALID_INPUT", "steps.0.play.sounds.0.tone.seconds")],
        ),
        (
            (Speak(name="a", speech=PlaySpeech(text=" "), next="bye"), BYE),
            [("REQUIRED", "steps.0.speak.text")],
        ),
        (
            (Speak(name="a", speech=PlaySpeech(text="x" * 1501), next="bye"), BYE),
            [("INVALID_INPUT", "steps.0.speak.text")],
        ),
        (
            (Speak(name="a", speech=PlaySpeech(text="hi\x07", voice="../x", language=" "), next="bye"), BYE),
            [
                ("INVALID_INPUT", "steps.0.speak.text"),
                ("INVALID_INPUT", "steps.0.speak.voice"),
                ("INVALID_INPUT", "steps.0.speak.languageCode"),
            ],
        ),
        (
            (Speak(name="a", speech=PlaySpeech(text="Hello {pin}"), next="bye"), BYE),
            [("NOT_FOUND", "steps.0.speak.text")],
        ),
        ((gather(min_digits=0), BYE), [("INVALID_INPUT", "steps.0.gather.minDigits")]),
        (
            (gather(min_digits=3), BYE),
            [
                ("INVALID_INPUT", "steps.0.gather.maxDigits"),
                ("INVALID_INPUT", "steps.0.gather.options.0.digits"),
            ],
        ),
        ((gather(retries=11), BYE), [("INVALID_INPUT", "steps.0.gather.retries")]),
        ((gather(first_digit_seconds=0), BYE), [("INVALID_INPUT", "steps.0.gather.firstDigitSeconds")]),
        ((gather(inter_digit_seconds=61), BYE), [("INVALID_INPUT", "steps.0.gather.interDigitSeconds")]),
        ((gather(terminator="##"), BYE), [("INVALID_INPUT", "steps.0.gather.terminator")]),
        ((gather(options=()), BYE), [("REQUIRED", "steps.0.gather.next")]),
        (
            (gather(options=(Option(digits="#", next="bye"),)), BYE),
            [("INVALID_INPUT", "steps.0.gather.options.0.digits")],
        ),
        (
            (gather(options=(Option(digits="1", next="bye"), Option(digits="1", next="bye"))), BYE),
            [("ALREADY_EXISTS", "steps.0.gather.options.1.digits")],
        ),
        ((gather(variable="Pin"), BYE), [("INVALID_INPUT", "steps.0.gather.variable")]),
        ((gather(variable="caller"), BYE), [("INVALID_INPUT", "steps.0.gather.variable")]),
        ((Branch(name="b", cases=(), otherwise="bye"), BYE), [("INVALID_INPUT", "steps.0.branch.cases")]),
        (
            (branch(VariableIs(variable="nobody")), BYE),
            [("NOT_FOUND", "steps.0.branch.cases.0.when.variable.variable")],
        ),
        (
            (branch(VariableIs(variable="caller", one_of=("1",), starts_with="1")), BYE),
            [("INVALID_INPUT", "steps.0.branch.cases.0.when.variable.startsWith")],
        ),
        (
            (branch(TimeIs(time_zone="Mars/Olympus", from_time="9:00", to_time="25:00")), BYE),
            [
                ("INVALID_INPUT", "steps.0.branch.cases.0.when.time.timeZone"),
                ("INVALID_INPUT", "steps.0.branch.cases.0.when.time.from"),
                ("INVALID_INPUT", "steps.0.branch.cases.0.when.time.to"),
            ],
        ),
        (
            (branch(TimeIs(time_zone="Europe", from_time="09:00", to_time="09:00")), BYE),
            [
                ("INVALID_INPUT", "steps.0.branch.cases.0.when.time.timeZone"),
                ("INVALID_INPUT", "steps.0.branch.cases.0.when.time.to"),
            ],
        ),
        (
            (branch(TimeIs(time_zone="UTC", weekdays=(Weekday.MONDAY, Weekday.MONDAY))), BYE),
            [("INVALID_INPUT", "steps.0.branch.cases.0.when.time.weekdays")],
        ),
        (
            (Record(name="r", next="bye", max_seconds=0, silence_seconds=0, ends_on="12"), BYE),
            [
                ("INVALID_INPUT", "steps.0.record.maxSeconds"),
                ("INVALID_INPUT", "steps.0.record.silenceSeconds"),
                ("INVALID_INPUT", "steps.0.record.endsOn"),
            ],
        ),
        (
            (Voicemail(name="v", max_seconds=float("inf")),),
            [("INVALID_INPUT", "steps.0.voicemail.maxSeconds")],
        ),
        ((Transfer(name="t", target=Target()),), [("REQUIRED", "steps.0.transfer.target")]),
        (
            (Transfer(name="t", target=Target(extension="2001", number="+15550100001")),),
            [("REQUIRED", "steps.0.transfer.target")],
        ),
        (
            (Transfer(name="t", target=Target(extension="2001"), ring_seconds=0.5),),
            [("INVALID_INPUT", "steps.0.transfer.ringSeconds")],
        ),
        ((Enqueue(name="q", queue_id="queue_1", priority=-1),), [("INVALID_INPUT", "steps.0.queue.priority")]),
        ((MediaStream(name="m", url="wss://bot/\n"),), [("URL_NOT_ALLOWED", "steps.0.mediaStream.url")]),
        ((MediaStream(name="m", url="https://bot/"),), [("URL_NOT_ALLOWED", "steps.0.mediaStream.url")]),
        ((MediaStream(name="m", url="wss://" + "b" * 2048),), [("URL_NOT_ALLOWED", "steps.0.mediaStream.url")]),
        (
            (MediaStream(name="m", url="wss://bot/", sample_rate=44100, variable="Caller"),),
            [("INVALID_INPUT", "steps.0.mediaStream.sampleRate"), ("INVALID_INPUT", "steps.0.mediaStream.variable")],
        ),
        (
            (MediaStream(name="m", url="wss://bot/", parameters=(Pair(key="", value="x"),)),),
            [("INVALID_INPUT", "steps.0.mediaStream.parameters.0")],
        ),
        (
            (MediaStream(name="m", url="wss://bot/", parameters=(Pair(key="a", value="x"),) * 2),),
            [("INVALID_INPUT", "steps.0.mediaStream.parameters")],
        ),
        (
            (MediaStream(name="m", url="wss://bot/", next="nowhere", failed="m"),),
            [("UNKNOWN_STEP", "steps.0.mediaStream.next")],
        ),
        (
            (MediaStream(name="m", url="wss://bot/", failed="m"),),
            [("ENDLESS_LOOP", "steps.0.mediaStream")],
        ),
        ((gather(no_input="nowhere"), BYE), [("UNKNOWN_STEP", "steps.0.gather.noInput")]),
        (
            (gather(options=(Option(digits="1", next="x"),), no_match="y"), BYE),
            [
                ("UNKNOWN_STEP", "steps.0.gather.options.0.next"),
                ("UNKNOWN_STEP", "steps.0.gather.noMatch"),
            ],
        ),
        ((BYE, HangUp(name="other")), [("UNREACHABLE_STEP", "steps.1.hangUp")]),
    ],
)
def test_given_a_flow_that_cannot_work_when_checked_then_each_problem_is_told_at_its_field(
    steps: tuple[Step, ...], expected: list[tuple[str, str]]
) -> None:
    assert found(*steps) == expected


def test_given_a_start_that_is_no_step_when_checked_then_it_is_told() -> None:
    assert found(BYE, start="hello") == [("UNKNOWN_STEP", "start")]


def test_given_a_flow_that_is_too_large_when_checked_then_it_is_told_before_all_else() -> None:
    steps = tuple(
        Speak(name=f"s{n}", speech=PlaySpeech(text="é" * limits.LONGEST_TEXT), next=f"s{n + 1}") for n in range(30)
    )
    assert found(*steps, HangUp(name="s30")) == [("INVALID_INPUT", "steps")]


def test_given_ways_round_when_none_takes_a_key_then_it_is_an_endless_loop() -> None:
    assert found(
        Play(name="a", sounds=BEEP, next="b"),
        gather(name="b", no_input="a"),
        BYE,
    ) == [("ENDLESS_LOOP", "steps.0.play")]
    assert (
        found(
            branch(VariableIs(variable="caller")),
            BYE,
        )
        == []
    )
    self_reference = Branch(
        name="which", cases=(Case(condition=VariableIs(variable="caller"), next="bye"),), otherwise="which"
    )
    assert found(self_reference, BYE) == [("ENDLESS_LOOP", "steps.0.branch")]


def test_given_ways_round_when_each_takes_a_key_then_nothing_is_wrong() -> None:
    again = gather(options=(Option(digits="9", next="hello"), Option(digits="1", next="bye")), no_match="hello")
    assert found(Play(name="hello", sounds=BEEP, next="menu"), again, BYE) == []


def test_given_a_flow_when_stored_and_read_again_then_it_is_the_same() -> None:
    flow = Flow(
        start="menu",
        steps=(gather(variable="pin"), Transfer(name="t", target=Target(queue_id="queue_1")), BYE),
    )
    assert flow_from_json(flow_as_json(flow)) == flow
