"""What may be set of a campaign, as far as it can be told from it alone. Pure: all problems, each with its field.

Fields are those of `createCampaign`'s input. What names something of the account is looked up in `references`.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from app.accounts.service import check_text
from app.calls import texts as call_texts
from app.campaigns.changes import CampaignChanges
from app.campaigns.core.predictive import LAWFUL_CAP, may_detect_machines
from app.campaigns.core.retries import never_retried
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, Content, Definition, FlowContent, SayContent
from app.errors import Problem
from app.facts.vocabulary import MachineAction
from app.flows.announcement import Announcement, check_announcement
from app.flows.steps import PlaySpeech
from app.flows.words import is_variable
from app.hours.local_time import LocalTime, resolve
from app.hours.week import minutes_of
from app.hours.windows import CallingWindow
from app.numbers.parse import is_e164
from app.resources.durations import check_seconds
from app.resources.field_checks import check_name
from app.resources.shown_names import check_shown_name
from app.speech import texts
from app.speech.model import VoiceSettings
from app.speech.words import EngineType, Pitch, Rate, Volume

MOST_LISTS: Final = 50
MOST_DNC_LISTS: Final = 50
MOST_WINDOWS: Final = 50
MOST_CALLER_IDS: Final = 100
MOST_CALLS_PER_MINUTE: Final = 6_000
MOST_CONCURRENT_CALLS: Final = 5_000
MOST_RETRIES: Final = 20
SHORTEST_RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 30 * 86_400.0
MOST_PER_DAY: Final = 100
MOST_FAILURES: Final = 1_000
LONGEST_BREAKER_SECONDS: Final = 3_600.0
SHORTEST_PREVIEW_SECONDS: Final = 5.0
LONGEST_PREVIEW_SECONDS: Final = 3_600.0
LONGEST_DESCRIPTION: Final = 500

#: How long it may take to find out that a machine has answered.
_DETECTION_SECONDS: Final = 5.0
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_KEY: Final = re.compile(r"[0-9*#]", re.ASCII)
#: What every contact has besides its list's columns.
BUILT_IN_FIELDS: Final = ("name", "number")

Path = tuple[str, ...]


def check_own(values: CampaignChanges) -> list[Problem]:
    """What is wrong with a campaign's name and description, where they are given."""
    problems = []
    if "name" in values:
        problems += check_name(values["name"])
    description = values.get("description")
    if description is not None:
        problems += check_text(description, ("description",), longest=LONGEST_DESCRIPTION)
    return problems


def check_definition(definition: Definition, now: datetime) -> list[Problem]:
    """What is wrong with a campaign that is to be begun, or begun again, at ``now``."""
    pacing, retries, breaker = definition.pacing, definition.retries, definition.breaker
    problems = _check_content(definition.content)
    problems += _whole(pacing.calls_per_minute, "callsPerMinute", 1, MOST_CALLS_PER_MINUTE)
    problems += _whole(pacing.max_concurrent_calls, "maxConcurrentCalls", 1, MOST_CONCURRENT_CALLS)
    problems += check_schedule(definition.schedule, now)
    problems += _whole(retries.max_retries, "maxRetries", 0, MOST_RETRIES)
    problems += check_seconds(
        retries.retry_after_seconds, "retryAfterSeconds", least=SHORTEST_RETRY_SECONDS, most=LONGEST_RETRY_SECONDS
    )
    problems += _check_retry_on(definition)
    if definition.most_per_day is not None:
        problems += _whole(definition.most_per_day, "maxCallsPerNumberPerDay", 1, MOST_PER_DAY)
    if breaker is not None:
        problems += _whole(breaker.failures, "breaker", 1, MOST_FAILURES, "failures")
        problems += _whole(breaker.share_percent, "breaker", 1, 100, "sharePercent")
        if not (math.isfinite(breaker.seconds) and 1 <= breaker.seconds <= LONGEST_BREAKER_SECONDS):
            message = f"Use 1 to {LONGEST_BREAKER_SECONDS:g} seconds."
            problems.append(Problem("INVALID_INPUT", message, ("breaker", "seconds")))
    problems += _check_caller_ids(definition)
    problems += _check_machines(definition)
    least, most = call_texts.SHORTEST_RING_SECONDS, call_texts.LONGEST_RING_SECONDS
    problems += check_seconds(definition.ring_seconds, "ringSeconds", least=least, most=most)
    least, most = call_texts.SHORTEST_TALK_SECONDS, call_texts.LONGEST_TALK_SECONDS
    problems += check_seconds(definition.max_duration_seconds, "maxDurationSeconds", least=least, most=most)
    problems += call_texts.check_metadata(definition.metadata)
    problems += call_texts.check_tags(definition.tags)
    return problems


def check_schedule(schedule: Schedule, now: datetime) -> list[Problem]:
    """Windows that can be open, and an end that is yet to come and lies after the start."""
    problems: list[Problem] = []
    if not 1 <= len(schedule.windows) <= MOST_WINDOWS:
        problems.append(Problem("INVALID_INPUT", f"Give 1 to {MOST_WINDOWS} windows.", ("windows",)))
    for place, window in enumerate(schedule.windows):
        problems += _check_window(window, ("windows", str(place)))
    starts = _instant(schedule.starts, "startAt", problems)
    ends = _instant(schedule.ends, "endAt", problems)
    if ends is not None and ends <= now:
        problems.append(Problem("INVALID_INPUT", "This has passed.", ("endAt",)))
    elif ends is not None and starts is not None and ends <= starts:
        problems.append(Problem("INVALID_INPUT", "It ends before it starts.", ("endAt",)))
    return problems


def check_lists(list_ids: Sequence[str], dnc_list_ids: Sequence[str]) -> list[Problem]:
    """How many lists there are, and none twice."""
    problems = []
    if not 1 <= len(list_ids) <= MOST_LISTS:
        problems.append(Problem("INVALID_INPUT", f"Give 1 to {MOST_LISTS} contact lists.", ("contactListIds",)))
    if len(dnc_list_ids) > MOST_DNC_LISTS:
        problems.append(Problem("INVALID_INPUT", f"Give at most {MOST_DNC_LISTS}.", ("dncListIds",)))
    for ids, field in ((list_ids, "contactListIds"), (dnc_list_ids, "dncListIds")):
        if len(set(ids)) < len(ids):
            problems.append(Problem("INVALID_INPUT", "No list twice.", (field,)))
    return problems


def check_fields(content: Content, columns: Sequence[tuple[str, Sequence[str]]]) -> list[Problem]:
    """Whether each list has the ``{field}``s that are to be said; ``columns`` are the lists' names and columns."""
    problems: list[Problem] = []
    if not isinstance(content, SayContent) or not isinstance(content.announcement.sound, PlaySpeech):
        return problems
    where = ("content", "announcement", "text")
    for name in texts.fields_of(content.announcement.sound.text):
        if name in BUILT_IN_FIELDS:
            continue
        if not is_variable(name):
            message = f"{{{name}}}: a field that is said begins with a small letter and has at most 32 characters."
            problems.append(Problem("INVALID_INPUT", message, where))
            continue
        without = [label for label, known in columns if name not in known]
        if without:
            message = f"{{{name}}}: no such column in {', '.join(without[:3])}."
            problems.append(Problem("FIELD_MISSING", message, where))
    return problems


def announcements_of(content: Content) -> tuple[tuple[Announcement, Path], ...]:
    """What of it is said to a contact, and where in the input that stands."""
    match content:
        case SayContent(announcement=announcement):
            return ((announcement, ("content", "announcement")),)
        case AgentContent(message=message) if message is not None:
            return ((message, ("content", "agent", "message")),)
        case AgentContent() | FlowContent():
            return ()
        case _:
            assert_never(content)


def voice_of(sound: PlaySpeech) -> VoiceSettings:
    """How a text is spoken, as `app.speech` takes it; what is None is as it is with most texts."""
    return VoiceSettings(
        voice=sound.voice,
        language=sound.language,
        engine_type=EngineType(sound.engine_type or EngineType.STANDARD),
        volume=Volume(sound.volume or Volume.MEDIUM),
        rate=Rate(sound.rate or Rate.MEDIUM),
        pitch=Pitch(sound.pitch or Pitch.MEDIUM),
    )


def _check_content(content: Content) -> list[Problem]:
    problems: list[Problem] = []
    for announcement, path in announcements_of(content):
        found = check_announcement(announcement, *path)
        if not found and isinstance(announcement.sound, PlaySpeech):
            found = texts.check_template(announcement.sound.text, *path, "text")
            if not found and not isinstance(content, SayContent) and texts.fields_of(announcement.sound.text):
                message = "This is said to whoever no agent is free for: it has no fields."
                found = [Problem("INVALID_INPUT", message, (*path, "text"))]
        problems += found
    if content.opt_out is not None and _KEY.fullmatch(content.opt_out.digit) is None:
        problems.append(Problem("INVALID_INPUT", "Give one key: 0-9, * or #.", (*opt_out_path(content), "optOutDigit")))
    if isinstance(content, AgentContent):
        problems += _check_agent(content)
    return problems


def opt_out_path(content: Content) -> tuple[str, str]:
    """Where in the input the key is named by which somebody asks never to be called again."""
    match content:
        case SayContent():
            return ("content", "announcement")
        case FlowContent():
            return ("content", "callFlow")
        case AgentContent():
            return ("content", "agent")
        case _:
            assert_never(content)


def _check_agent(content: AgentContent) -> list[Problem]:
    problems = []
    if (content.agent_id is None) == (content.queue_id is None):
        problems.append(Problem("REQUIRED", "Give an agent or a queue, one of them.", ("content", "agent")))
    if content.mode is PacingMode.PREDICTIVE and content.queue_id is None:
        message = "PREDICTIVE needs a queue: whoever answers is to have any of its agents, at once."
        problems.append(Problem("INVALID_INPUT", message, ("content", "agent", "mode")))
    if not 0 <= content.abandonment_cap <= LAWFUL_CAP:
        message = f"The cap is 0 to {LAWFUL_CAP / 100:g} percent, which is the law's."
        problems.append(Problem("INVALID_INPUT", message, ("content", "agent", "abandonmentCapPercent")))
    least, most = SHORTEST_PREVIEW_SECONDS, LONGEST_PREVIEW_SECONDS
    if not (math.isfinite(content.preview_seconds) and least <= content.preview_seconds <= most):
        message = f"Use {least:g} to {most:g} seconds."
        problems.append(Problem("INVALID_INPUT", message, ("content", "agent", "previewSeconds")))
    return problems


def _check_machines(definition: Definition) -> list[Problem]:
    content = definition.content
    hangs_up = definition.on_machine is MachineAction.HANG_UP
    if not hangs_up and isinstance(content, AgentContent):
        message = "No agent is connected to a machine: HANG_UP is what can be done."
        return [Problem("INVALID_INPUT", message, ("onMachine",))]
    if definition.on_machine is MachineAction.CONNECT:
        message = "There is nobody to connect with a machine: HANG_UP or GO_ON."
        return [Problem("INVALID_INPUT", message, ("onMachine",))]
    if not hangs_up and not definition.detect_machine:
        return [Problem("INVALID_INPUT", "Nobody knows of machines without detectMachine.", ("onMachine",))]
    is_predictive = isinstance(content, AgentContent) and content.mode is PacingMode.PREDICTIVE
    if is_predictive and definition.detect_machine and not may_detect_machines(_DETECTION_SECONDS):
        message = (
            f"It takes up to {_DETECTION_SECONDS:g} seconds to tell a machine, and a person needs an agent within 2: "
            "PREDICTIVE goes without."
        )
        return [Problem("INVALID_INPUT", message, ("detectMachine",))]
    return []


def _check_retry_on(definition: Definition) -> list[Problem]:
    given = definition.retries.retry_on
    final = never_retried(definition.retries)
    problems = [
        Problem("INVALID_INPUT", f"{one.value} is never tried again.", ("retryOn", str(place)))
        for place, one in enumerate(given)
        if one in final
    ]
    if len(set(given)) < len(given):
        problems.append(Problem("INVALID_INPUT", "None twice.", ("retryOn",)))
    return problems


def _check_caller_ids(definition: Definition) -> list[Problem]:
    given = definition.caller_ids
    problems = [
        Problem("INVALID_NUMBER", "Write it as + and the digits with country code.", ("callerIds", str(place)))
        for place, one in enumerate(given[:MOST_CALLER_IDS])
        if not is_e164(one)
    ]
    if len(given) > MOST_CALLER_IDS:
        problems.append(Problem("INVALID_INPUT", f"Give at most {MOST_CALLER_IDS}.", ("callerIds",)))
    if len(set(given)) < len(given):
        problems.append(Problem("INVALID_INPUT", "None twice.", ("callerIds",)))
    if given and definition.caller_id_pool_id is not None:
        problems.append(Problem("INVALID_INPUT", "Give numbers or a pool, not both.", ("callerIdPoolId",)))
    return problems + check_shown_name(definition.caller_id_name, "callerIdName")


def _check_window(window: CallingWindow, path: Path) -> list[Problem]:
    problems = [
        Problem("INVALID_INPUT", "Give a time as HH:MM, 00:00 to 24:00.", (*path, name))
        for value, name in ((window.from_time, "from"), (window.to_time, "to"))
        if _TIME.fullmatch(value) is None
    ]
    if not problems and minutes_of(window.from_time) == minutes_of("24:00"):
        problems.append(Problem("INVALID_INPUT", "A day begins at 00:00.", (*path, "from")))
    if len(set(window.weekdays)) < len(window.weekdays):
        problems.append(Problem("INVALID_INPUT", "No day twice.", (*path, "weekdays")))
    return problems


def _instant(local: LocalTime | None, field: str, problems: list[Problem]) -> datetime | None:
    if local is None:
        return None
    try:
        return resolve(local)[0]
    except (ValueError, LookupError, OSError, OverflowError):
        # No such zone (ZoneInfoNotFoundError is a KeyError; names that are paths give the others), or outside of the
        # calendar.
        problems.append(Problem("INVALID_INPUT", "There is no such time, or no such time zone.", (field,)))
        return None


def _whole(value: int, field: str, least: int, most: int, part: str | None = None) -> list[Problem]:
    if least <= value <= most:
        return []
    path = (field,) if part is None else (field, part)
    return [Problem("INVALID_INPUT", f"Use {least} to {most}.", path)]
