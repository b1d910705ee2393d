"""What may be set of a campaign, and how what is given changes what is kept."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.changes import apply_changes
from app.campaigns.checks import check_definition, check_fields, check_lists
from app.campaigns.core.breaker import BreakerRule
from app.campaigns.core.retries import RetryRule
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import PacingMode
from app.campaigns.model import (
    AgentContent,
    Definition,
    FlowContent,
    OptOut,
    Pacing,
    SayContent,
    definition_as_json,
    definition_from_json,
)
from app.facts.vocabulary import Disposition, MachineAction, Pair
from app.flows.steps import Announcement, PlayFile, PlaySpeech
from app.hours.local_time import LocalTime
from app.hours.week import Weekday
from app.hours.windows import CallingWindow

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LONG_AGO = LocalTime(date_time=datetime(2026, 6, 1, 12, 0), time_zone="Etc/UTC")  # noqa: DTZ001  # a wall clock's
HELLO = SayContent(announcement=Announcement(sound=PlaySpeech(text="Hello {name}")))
AGENTS = AgentContent(queue_id="queue_1")


def at(hour: int, zone: str = "Europe/Berlin") -> LocalTime:
    return LocalTime(date_time=datetime(2026, 6, 2, hour, 0), time_zone=zone)  # noqa: DTZ001  # a wall clock's


def say(text: str, **more: Any) -> SayContent:
    return SayContent(announcement=Announcement(sound=PlaySpeech(text=text), **more))


def refused(definition: Definition) -> list[tuple[str, str]]:
    return [(one.code, ".".join(one.field)) for one in check_definition(definition, NOW)]


@pytest.mark.parametrize(
    "definition",
    [
        Definition(content=HELLO),
        Definition(content=SayContent(announcement=Announcement(sound=PlayFile(audio_file_id="audio_1")))),
        Definition(content=FlowContent(call_flow_id="flow_1"), detect_machine=True, on_machine=MachineAction.GO_ON),
        Definition(content=AGENTS, detect_machine=True),
        Definition(content=msgspec.structs.replace(AGENTS, mode=PacingMode.PREDICTIVE, abandonment_cap=0)),
        Definition(content=HELLO, breaker=None, most_per_day=1, caller_ids=("+12125550100",)),
        Definition(content=HELLO, schedule=Schedule(starts=at(9), ends=at(17))),
        Definition(
            content=HELLO,
            schedule=Schedule(
                windows=(
                    CallingWindow(from_time="22:00", to_time="06:00", weekdays=(Weekday.MONDAY,)),
                    CallingWindow(from_time="00:00", to_time="00:00"),
                )
            ),
        ),
    ],
    ids=str,
)
def test_given_what_can_be_done_when_it_is_checked_then_nothing_is_wrong(definition: Definition) -> None:
    assert refused(definition) == []


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (Definition(content=say("")), ("REQUIRED", "content.announcement")),
        (Definition(content=say("Hello {first name}")), ("INVALID_INPUT", "content.announcement.text")),
        (Definition(content=say("<speak>Hello</speak>")), ("INVALID_INPUT", "content.announcement.text")),
        (Definition(content=say("Hello", repeat=11)), ("INVALID_INPUT", "content.announcement.repeat")),
        (
            Definition(content=msgspec.structs.replace(HELLO, opt_out=OptOut(digit="12"))),
            ("INVALID_INPUT", "content.announcement.optOutDigit"),
        ),
        (Definition(content=AgentContent()), ("REQUIRED", "content.agent")),
        (Definition(content=AgentContent(agent_id="a", queue_id="q")), ("REQUIRED", "content.agent")),
        (
            Definition(content=AgentContent(queue_id="q", abandonment_cap=301)),
            ("INVALID_INPUT", "content.agent.abandonmentCapPercent"),
        ),
        (
            Definition(content=AgentContent(queue_id="q", preview_seconds=float("nan"))),
            ("INVALID_INPUT", "content.agent.previewSeconds"),
        ),
        (
            Definition(content=AgentContent(queue_id="q", message=Announcement(sound=PlaySpeech(text="")))),
            ("REQUIRED", "content.agent.message"),
        ),
        (
            Definition(content=AgentContent(queue_id="q", message=Announcement(sound=PlaySpeech(text="Sorry {name}")))),
            ("INVALID_INPUT", "content.agent.message.text"),
        ),
        (
            Definition(content=msgspec.structs.replace(AGENTS, mode=PacingMode.PREDICTIVE), detect_machine=True),
            ("INVALID_INPUT", "detectMachine"),
        ),
        (
            Definition(content=AGENTS, detect_machine=True, on_machine=MachineAction.GO_ON),
            ("INVALID_INPUT", "onMachine"),
        ),
        (
            Definition(content=AGENTS, detect_machine=True, on_machine=MachineAction.CONNECT),
            ("INVALID_INPUT", "onMachine"),
        ),
        (
            Definition(content=HELLO, detect_machine=True, on_machine=MachineAction.CONNECT),
            ("INVALID_INPUT", "onMachine"),
        ),
        (Definition(content=HELLO, on_machine=MachineAction.GO_ON), ("INVALID_INPUT", "onMachine")),
        (Definition(content=HELLO, pacing=Pacing(calls_per_minute=0)), ("INVALID_INPUT", "callsPerMinute")),
        (Definition(content=HELLO, pacing=Pacing(max_concurrent_calls=5001)), ("INVALID_INPUT", "maxConcurrentCalls")),
        (Definition(content=HELLO, schedule=Schedule(windows=())), ("INVALID_INPUT", "windows")),
        (
            Definition(content=HELLO, schedule=Schedule(windows=(CallingWindow(from_time="8:00"),))),
            ("INVALID_INPUT", "windows.0.from"),
        ),
        (
            Definition(content=HELLO, schedule=Schedule(windows=(CallingWindow(to_time="24:01"),))),
            ("INVALID_INPUT", "windows.0.to"),
        ),
        (
            Definition(content=HELLO, schedule=Schedule(windows=(CallingWindow(from_time="24:00"),))),
            ("INVALID_INPUT", "windows.0.from"),
        ),
        (
            Definition(
                content=HELLO, schedule=Schedule(windows=(CallingWindow(weekdays=(Weekday.MONDAY, Weekday.MONDAY)),))
            ),
            ("INVALID_INPUT", "windows.0.weekdays"),
        ),
        (Definition(content=HELLO, schedule=Schedule(starts=at(9, "Europe"))), ("INVALID_INPUT", "startAt")),
        (Definition(content=HELLO, schedule=Schedule(starts=at(9, "Mars/Base"))), ("INVALID_INPUT", "startAt")),
        (Definition(content=HELLO, schedule=Schedule(starts=at(9), ends=at(9))), ("INVALID_INPUT", "endAt")),
        (
            Definition(content=HELLO, schedule=Schedule(ends=LONG_AGO)),
            ("INVALID_INPUT", "endAt"),
        ),
        (
            Definition(content=HELLO, retries=RetryRule(retry_on=(Disposition.BUSY, Disposition.INVALID_NUMBER))),
            ("INVALID_INPUT", "retryOn.1"),
        ),
        (
            Definition(content=HELLO, retries=RetryRule(retry_on=(Disposition.BUSY, Disposition.BUSY))),
            ("INVALID_INPUT", "retryOn"),
        ),
        (Definition(content=HELLO, retries=RetryRule(max_retries=21)), ("INVALID_INPUT", "maxRetries")),
        (Definition(content=HELLO, retries=RetryRule(retry_after_seconds=0)), ("INVALID_INPUT", "retryAfterSeconds")),
        (Definition(content=HELLO, most_per_day=0), ("INVALID_INPUT", "maxCallsPerNumberPerDay")),
        (Definition(content=HELLO, breaker=BreakerRule(failures=0)), ("INVALID_INPUT", "breaker.failures")),
        (Definition(content=HELLO, breaker=BreakerRule(seconds=float("inf"))), ("INVALID_INPUT", "breaker.seconds")),
        (Definition(content=HELLO, breaker=BreakerRule(share_percent=101)), ("INVALID_INPUT", "breaker.sharePercent")),
        (Definition(content=HELLO, caller_ids=("911",)), ("INVALID_NUMBER", "callerIds.0")),
        (Definition(content=HELLO, caller_ids=("+12125550100",) * 2), ("INVALID_INPUT", "callerIds")),
        (
            Definition(content=HELLO, caller_ids=("+12125550100",), caller_id_pool_id="pool_1"),
            ("INVALID_INPUT", "callerIdPoolId"),
        ),
        (Definition(content=HELLO, caller_id_name='Bob" <+1900>'), ("INVALID_INPUT", "callerIdName")),
        (Definition(content=HELLO, ring_seconds=0.5), ("INVALID_INPUT", "ringSeconds")),
        (Definition(content=HELLO, max_duration_seconds=0), ("INVALID_INPUT", "maxDurationSeconds")),
        (Definition(content=HELLO, tags=("",)), ("INVALID_INPUT", "tags.0")),
        (Definition(content=HELLO, metadata=(Pair(key="", value="x"),)), ("INVALID_INPUT", "metadata.0.key")),
    ],
    ids=lambda one: one[1] if isinstance(one, tuple) else "",
)
def test_given_what_cannot_be_done_when_it_is_checked_then_the_field_is_named(
    definition: Definition, problem: tuple[str, str]
) -> None:
    assert refused(definition) == [problem]


def test_given_several_mistakes_when_they_are_checked_then_all_are_told_at_once() -> None:
    definition = Definition(content=say(""), pacing=Pacing(calls_per_minute=0, max_concurrent_calls=0), tags=("",))
    assert len(refused(definition)) == 4


def test_given_lists_when_they_are_checked_then_there_is_one_at_least_and_none_twice() -> None:
    assert [one.field for one in check_lists((), ())] == [("contactListIds",)]
    assert [one.field for one in check_lists(("list_1", "list_1"), ("dnc_1", "dnc_1"))] == [
        ("contactListIds",),
        ("dncListIds",),
    ]
    assert check_lists(("list_1",), ()) == []


def test_given_a_text_with_fields_when_lists_lack_them_then_field_and_list_are_named() -> None:
    columns = [("Spring", ("debt", "First")), ("Autumn", ("debt",))]
    assert check_fields(say("Hello {name}, {number}: {debt}"), columns) == []
    [missing] = check_fields(say("Due on {day}"), columns)
    assert (missing.code, missing.field) == ("FIELD_MISSING", ("content", "announcement", "text"))
    assert "{day}" in missing.message
    assert "Spring, Autumn" in missing.message
    assert [one.code for one in check_fields(say("Hello {First}"), columns)] == ["INVALID_INPUT"]


def test_given_changes_when_they_are_applied_then_what_is_left_out_stays() -> None:
    before = Definition(
        content=HELLO, pacing=Pacing(calls_per_minute=7), schedule=Schedule(starts=at(9)), most_per_day=2
    )
    after = apply_changes(before, {"max_concurrent_calls": 3, "end_at": at(17), "max_calls_per_number_per_day": None})
    assert after.pacing == Pacing(calls_per_minute=7, max_concurrent_calls=3)
    assert after.schedule == Schedule(starts=at(9), ends=at(17))
    assert after.most_per_day is None
    assert apply_changes(before, {"name": "other", "contact_list_ids": ()}) is before


CONTENTS = st.sampled_from([HELLO, FlowContent(call_flow_id="flow_1"), AGENTS])
TIMES = st.none() | st.builds(
    LocalTime, date_time=st.datetimes(), time_zone=st.sampled_from(["Etc/UTC", "Europe/Berlin", "America/New_York"])
)


def any_definition(whole: st.SearchStrategy[int], real: st.SearchStrategy[float]) -> st.SearchStrategy[Definition]:
    """Any definition, with these numbers in it."""
    texts = st.text(st.characters(codec="utf-8"), max_size=12)
    window = st.builds(CallingWindow, from_time=texts, to_time=texts)
    return st.builds(
        Definition,
        content=CONTENTS,
        pacing=st.builds(Pacing, calls_per_minute=whole, max_concurrent_calls=whole),
        schedule=st.builds(Schedule, windows=st.lists(window, max_size=3).map(tuple), starts=TIMES, ends=TIMES),
        retries=st.builds(
            RetryRule,
            retry_on=st.lists(st.sampled_from(Disposition), max_size=4).map(tuple),
            max_retries=whole,
            retry_after_seconds=real,
        ),
        most_per_day=st.none() | whole,
        breaker=st.none() | st.builds(BreakerRule, failures=whole, seconds=real, share_percent=whole),
        caller_ids=st.lists(texts, max_size=3).map(tuple),
        ring_seconds=st.none() | real,
    )


@given(any_definition(st.integers(), st.floats()))
def test_given_anything_at_all_when_it_is_checked_then_it_is_refused_and_never_fails(definition: Definition) -> None:
    for problem in check_definition(definition, NOW):
        assert problem.field
        assert problem.message


@given(any_definition(st.integers(-(2**31), 2**31), st.floats(allow_nan=False, allow_infinity=False)))
def test_given_a_definition_when_it_is_stored_then_the_same_comes_back(definition: Definition) -> None:
    assert definition_from_json(orjson.loads(definition_as_json(definition))) == definition
