"""What whoever answers a campaign's call gets, as mutations are given it."""

from typing import Final

import strawberry

from app.api.mutations.lead_inputs import VoiceInput
from app.api.types.campaign_parts import UNNAMED_LIST
from app.campaigns import checks, model
from app.campaigns.core.words import PacingMode
from app.errors import Problem, RefusedError
from app.flows import limits, steps
from app.speech import texts

_WHOLE: Final = 100
_OPT_OUT_LIST: Final = f"The do-not-call list. When left out, {UNNAMED_LIST}"


@strawberry.input(
    description="Something that is said to a contact. Give exactly one of `text`, `templateId` and `audioFileId`."
)
class CampaignMessageInput:
    text: str | None = strawberry.field(
        default=None,
        description=f"A text: 1 to {texts.LONGEST_TEXT} characters of plain text. In an announcement `{{field}}` "
        "stands for the contact's field of that name (a small letter first, at most 32 characters), which must be a "
        "column of each of the campaign's lists; `{name}` and `{number}` stand for its name and number.",
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None, description="An announcement template, whose text as it is now is kept with the campaign."
    )
    audio_file_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the account's sound files."
    )
    voice: VoiceInput | None = strawberry.field(
        default=None,
        description="How it is spoken; when left out, as the template says, or as the first voice for `en-US` does.",
    )
    repeat: int = strawberry.field(default=1, description=f"How often it is said in all: 1 to {limits.MOST_REPEATS}.")
    pause_seconds: float = strawberry.field(
        default=1.0,
        description="The silence between two times: 0, or "
        f"{limits.SHORTEST_PAUSE_SECONDS:g} to {limits.LONGEST_PAUSE_SECONDS:g} seconds.",
    )


@strawberry.input(description="What whoever answers hears, and how it asks never to be called again.")
class CampaignAnnouncementInput(CampaignMessageInput):
    opt_out_digit: str | None = strawberry.field(
        default=None,
        description="Who presses this key (0-9, `*` or `#`) while it is said is put on a do-not-call list at once.",
    )
    opt_out_dnc_list_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=_OPT_OUT_LIST,
    )


@strawberry.input(description="A call flow in which a key asks never to be called again.")
class CampaignFlowInput:
    call_flow_id: strawberry.ID = strawberry.field(description="The call flow, at its latest version.")
    opt_out_digit: str = strawberry.field(
        description="Who presses this key (0-9, `*` or `#`) at any time in the call is put on a do-not-call list at "
        "once. What the flow does with the key is the flow's affair."
    )
    opt_out_dnc_list_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=_OPT_OUT_LIST,
    )


@strawberry.input(description="Which agents talk to whoever answers: give `agentId` or `queueId`.")
class CampaignAgentsInput:
    agent_id: strawberry.ID | None = strawberry.field(default=None, description="One agent.")
    queue_id: strawberry.ID | None = strawberry.field(default=None, description="The members of a queue.")
    mode: PacingMode = strawberry.field(default=PacingMode.PROGRESSIVE, description="How calls follow agents.")
    abandonment_cap_percent: float = strawberry.field(
        default=3.0,
        description="Of 100 persons who answer, so many at most find no agent: 0 to 3, to the hundredth. "
        "For `PREDICTIVE`.",
    )
    message: CampaignMessageInput | None = strawberry.field(
        default=None,
        description="What somebody hears for whom no agent is free within two seconds, with `PREDICTIVE`: a text "
        "without fields, or a sound file. When left out, an apology in English.",
    )
    preview_seconds: float = strawberry.field(
        default=120.0,
        description=f"How long an agent may look at a contact: {checks.SHORTEST_PREVIEW_SECONDS:g} to "
        f"{checks.LONGEST_PREVIEW_SECONDS:g} seconds. For `PREVIEW`.",
    )
    opt_out_digit: str | None = strawberry.field(
        default=None,
        description="Who presses this key (0-9, `*` or `#`) while `message` is said is put on a do-not-call list at "
        "once; the words should name it. For `PREDICTIVE`.",
    )
    opt_out_dnc_list_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=_OPT_OUT_LIST,
    )


@strawberry.input(one_of=True, description="What whoever answers gets: exactly one of these.")
class CampaignContentInput:
    announcement: CampaignAnnouncementInput | None = strawberry.field(
        default=strawberry.UNSET, description="A text or a sound file."
    )
    call_flow_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="A call flow, at its latest version. The contact's fields, its `name` and its `number` are "
        "variables of it.",
    )
    call_flow: CampaignFlowInput | None = strawberry.field(
        default=strawberry.UNSET, description="As `callFlowId`, and a key to ask never to be called again."
    )
    agent: CampaignAgentsInput | None = strawberry.field(
        default=strawberry.UNSET, description="An agent, or the agents of a queue."
    )


def read_content(given: CampaignContentInput) -> model.Content:
    """The content, which is checked further on.

    Raises:
        RefusedError: REQUIRED, a list to opt out to without the key that does.
    """
    if isinstance(given.announcement, CampaignAnnouncementInput):
        said = given.announcement
        opt_out = _read_opt_out(said.opt_out_digit, said.opt_out_dnc_list_id, "announcement")
        return model.SayContent(announcement=_read_message(said), opt_out=opt_out)
    if isinstance(given.agent, CampaignAgentsInput):
        agent = given.agent
        return model.AgentContent(
            mode=agent.mode,
            agent_id=agent.agent_id,
            queue_id=agent.queue_id,
            abandonment_cap=_read_hundredths(agent.abandonment_cap_percent),
            message=None if agent.message is None else _read_message(agent.message),
            preview_seconds=agent.preview_seconds,
            opt_out=_read_opt_out(agent.opt_out_digit, agent.opt_out_dnc_list_id, "agent"),
        )
    if isinstance(given.call_flow, CampaignFlowInput):
        flow = given.call_flow
        opt_out = model.OptOut(digit=flow.opt_out_digit, dnc_list_id=flow.opt_out_dnc_list_id)
        return model.FlowContent(call_flow_id=flow.call_flow_id, opt_out=opt_out)
    return model.FlowContent(call_flow_id=given.call_flow_id or "")


def _read_opt_out(digit: str | None, dnc_list_id: str | None, of: str) -> model.OptOut | None:
    if digit is not None:
        return model.OptOut(digit=digit, dnc_list_id=dnc_list_id)
    if dnc_list_id is not None:
        message = "Give the key that puts somebody on the list."
        raise RefusedError(Problem("REQUIRED", message, ("content", of, "optOutDigit")))
    return None


def _read_hundredths(percent: float) -> int:
    # What is no number of hundredths is no cap either: the check refuses it, like all that lie outside.
    return round(percent * 100) if 0 <= percent <= _WHOLE else -1


def _read_message(given: CampaignMessageInput) -> steps.Announcement:
    """The announcement. When none or several things are to be said it says nothing, which is refused further on."""
    sound: steps.PlaySpeech | steps.PlayFile
    named = (given.text is not None, given.template_id is not None, given.audio_file_id is not None)
    if sum(named) == 1 and given.audio_file_id is not None:
        sound = steps.PlayFile(audio_file_id=given.audio_file_id)
    else:
        voice = given.voice
        template_id = given.template_id if sum(named) == 1 else None
        sound = steps.PlaySpeech(
            text=(given.text or "") if sum(named) == 1 else "",
            template=None if template_id is None else steps.FilledTemplate(template_id=template_id),
            voice=None if voice is None else voice.id,
            language=None if voice is None else voice.language_code,
            engine_type=None if voice is None else voice.engine_type.value,
            volume=None if voice is None else voice.volume.value,
            rate=None if voice is None else voice.rate.value,
            pitch=None if voice is None else voice.pitch.value,
        )
    return steps.Announcement(sound=sound, repeat=given.repeat, pause_seconds=given.pause_seconds)
