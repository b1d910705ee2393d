"""The steps of call flows, from what is given to what the domain knows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.api.context import Context
from app.api.mutations.call_flow_inputs import CallFlowStepInput, FlowConditionInput, FlowSoundInput, GatherStepInput
from app.api.mutations.changes import read_target
from app.api.mutations.inputs import CallTarget
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Pair
from app.flows import steps
from app.media.urls import read_stream_url
from app.routing import targets


def read_flow(
    given: list[CallFlowStepInput], start: str | None, context: Context, *, fields: Sequence[str] = ()
) -> steps.Flow:
    """The flow that an input says.

    Raises:
        RefusedError: for targets and programs' URLs that are none, all at once.
    """
    problems: list[Problem] = []
    read: list[steps.Step] = []
    for place, one in enumerate(given):
        try:
            read.append(_read_step(one, context))
        except RefusedError as refused:
            path = ("steps", str(place), "mediaStream" if one.media_stream else "transfer")
            problems += [replace(problem, field=(*path, *problem.field)) for problem in refused.problems]
    if problems:
        raise RefusedError(problems)
    first = read[0].name if read else ""
    return steps.Flow(start=first if start is None else start, steps=tuple(read), fields=tuple(fields))


def _read_step(given: CallFlowStepInput, context: Context) -> steps.Step:
    if speak := given.speak:
        speech = steps.PlaySpeech(text=speak.text, voice=speak.voice, language=speak.language_code)
        return steps.Speak(name=speak.name, speech=speech, next=speak.next, failed=speak.failed)
    if play := given.play:
        return steps.Play(name=play.name, sounds=_read_sounds(play.sounds), next=play.next, failed=play.failed)
    if gather := given.gather:
        return _read_gather(gather)
    if branch := given.branch:
        cases = tuple(steps.Case(condition=_read_condition(case.when), next=case.next) for case in branch.cases)
        return steps.Branch(name=branch.name, cases=cases, otherwise=branch.otherwise)
    if record := given.record:
        return steps.Record(
            name=record.name,
            next=record.next,
            max_seconds=record.max_seconds,
            silence_seconds=record.silence_seconds,
            ends_on=record.ends_on,
            has_beep=record.beep,
            no_message=record.no_message,
        )
    if transfer := given.transfer:
        return steps.Transfer(
            name=transfer.name,
            target=_read_target(transfer.target, context),
            ring_seconds=transfer.ring_seconds,
            with_music=transfer.music,
            failed=transfer.failed,
        )
    if queue := given.queue:
        return steps.Enqueue(name=queue.name, queue_id=queue.queue_id, priority=queue.priority, failed=queue.failed)
    if voicemail := given.voicemail:
        return steps.Voicemail(
            name=voicemail.name,
            greeting=_read_sounds(voicemail.greeting),
            max_seconds=voicemail.max_seconds,
            silence_seconds=voicemail.silence_seconds,
            ends_on=voicemail.ends_on,
            next=voicemail.next,
        )
    if stream := given.media_stream:
        read_stream_url(stream.url, field=("url",))
        return steps.MediaStream(
            name=stream.name,
            url=stream.url,
            next=stream.next,
            failed=stream.failed,
            variable=stream.variable,
            sample_rate=stream.sample_rate,
            parameters=tuple(Pair(key=one.name, value=one.value) for one in stream.parameters),
        )
    return steps.HangUp(name=given.hang_up.name if given.hang_up else "")


def _read_gather(given: GatherStepInput) -> steps.Gather:
    longest = max((len(one.digits) for one in given.options), default=1)
    return steps.Gather(
        name=given.name,
        prompt=_read_sounds(given.prompt),
        min_digits=given.min_digits,
        max_digits=max(longest, given.min_digits, 1) if given.max_digits is None else given.max_digits,
        terminator=given.terminator,
        first_digit_seconds=given.first_digit_seconds,
        inter_digit_seconds=given.inter_digit_seconds,
        retries=given.retries,
        options=tuple(steps.Option(digits=one.digits, next=one.next) for one in given.options),
        next=given.next,
        no_input=given.no_input,
        no_match=given.no_match,
        variable=given.variable,
    )


def _read_sounds(given: list[FlowSoundInput]) -> tuple[steps.Sound, ...]:
    return tuple(_read_sound(one) for one in given)


def _read_sound(given: FlowSoundInput) -> steps.Sound:
    if one := given.speech:
        return steps.PlaySpeech(text=one.text, voice=one.voice, language=one.language_code)
    if given.audio_file_id:
        return steps.PlayFile(audio_file_id=given.audio_file_id)
    if given.digits:
        return steps.PlayDigits(digits=given.digits)
    if tone := given.tone:
        return steps.PlayTone(tone=tone.tone, seconds=tone.seconds)
    return steps.PlayInstalled(name=given.installed or "")  # whose name is refused when it is none


def _read_condition(given: FlowConditionInput) -> steps.Condition:
    if time := given.time:
        return steps.TimeIs(
            time_zone=time.time_zone, from_time=time.from_, to_time=time.to, weekdays=tuple(time.weekdays)
        )
    one: Any = given.variable
    return steps.VariableIs(variable=one.variable, one_of=tuple(one.one_of), starts_with=one.starts_with)


def _read_target(given: CallTarget, context: Context) -> steps.Target:
    match read_target(given, context, "target"):
        case targets.ToAgent(id=one):
            return steps.Target(agent_id=one)
        case targets.ToExtension(number=number):
            return steps.Target(extension=number)
        case targets.ToNumber(number=outside):
            return steps.Target(number=outside)
        case targets.ToRingGroup(id=one):
            return steps.Target(ring_group_id=one)
        case targets.ToQueue(id=one):
            return steps.Target(queue_id=one)
        case targets.ToCallFlow(id=one):
            return steps.Target(call_flow_id=one)
        case targets.ToAnnouncement(announcement=announcement):
            return steps.Target(announcement=announcement)
        case targets.ToMediaStream(stream=stream):
            return steps.Target(media_stream=stream)
        case targets.ToDialplan(dialplan=dialplan):
            return steps.Target(dialplan=dialplan)
