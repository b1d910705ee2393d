"""What a campaign is set to, in parts."""

from typing import Final, Self, assert_never

import strawberry

from app.api.types.call_target import Announcement
from app.campaigns import model
from app.campaigns.core import breaker
from app.campaigns.core.words import PacingMode
from app.contacts.dnc_entries import OPT_OUT_LIST
from app.hours import windows
from app.hours.week import Weekday

#: Where the number of whoever asks never to be called again goes when no list is named (`DncEntries.add_opt_out`).
UNNAMED_LIST: Final = (
    "the account's oldest that applies to all campaigns; where there is none when the key is pressed, one is made, "
    f"`{OPT_OUT_LIST}`."
)


@strawberry.type(description="What whoever answers hears.")
class CampaignAnnouncement:
    announcement: Announcement = strawberry.field(
        description="The words, in which `{field}` stands for the contact's; a template is kept as its text."
    )


@strawberry.type(description="Which agents talk to whoever answers, and how calls follow them.")
class CampaignAgents:
    mode: PacingMode = strawberry.field(description="How calls follow agents.")
    agent_id: strawberry.ID | None = strawberry.field(description="The one agent.")
    queue_id: strawberry.ID | None = strawberry.field(description="The queue whose members serve it.")
    abandonment_cap_percent: float = strawberry.field(
        description="Of 100 persons who answer, so many at most find no agent; for `PREDICTIVE`."
    )
    message: Announcement | None = strawberry.field(
        description="What somebody hears for whom no agent is free; null is a built-in text."
    )
    preview_seconds: float = strawberry.field(description="How long an agent may look at a contact, with `PREVIEW`.")


@strawberry.type(description="How whoever was called asks never to be called again.")
class CampaignOptOut:
    digit: str = strawberry.field(description="The key.")
    dnc_list_id: strawberry.ID | None = strawberry.field(
        description=f"The do-not-call list that the number goes on. Null: {UNNAMED_LIST}"
    )

    @classmethod
    def of(cls, opt_out: model.OptOut) -> Self:
        list_id = opt_out.dnc_list_id
        return cls(digit=opt_out.digit, dnc_list_id=None if list_id is None else strawberry.ID(list_id))


@strawberry.type(description="What whoever answers gets: exactly one of `announcement`, `callFlowId` and `agent`.")
class CampaignContent:
    announcement: CampaignAnnouncement | None = strawberry.field(
        default=None, description="What it hears, of a campaign of the kind `ANNOUNCEMENT`; null of others."
    )
    call_flow_id: strawberry.ID | None = strawberry.field(
        default=None, description="The call flow that it is led through, of the kind `FLOW`; null of others."
    )
    agent: CampaignAgents | None = strawberry.field(
        default=None, description="Who talks to it, of the kind `AGENT`; null of others."
    )
    opt_out: CampaignOptOut | None = strawberry.field(
        default=None,
        description="The key that asks never to be called again: during the announcement, at any time in a call flow, "
        "or, with agents, by whom none of them talks to. Null where there is none.",
    )

    @classmethod
    def of(cls, content: model.Content) -> Self:
        opt_out = None if content.opt_out is None else CampaignOptOut.of(content.opt_out)
        match content:
            case model.SayContent(announcement=said):
                return cls(
                    opt_out=opt_out,
                    announcement=CampaignAnnouncement(announcement=Announcement.of(said)),
                )
            case model.FlowContent(call_flow_id=flow_id):
                return cls(call_flow_id=strawberry.ID(flow_id), opt_out=opt_out)
            case model.AgentContent():
                return cls(
                    opt_out=opt_out,
                    agent=CampaignAgents(
                        mode=content.mode,
                        agent_id=None if content.agent_id is None else strawberry.ID(content.agent_id),
                        queue_id=None if content.queue_id is None else strawberry.ID(content.queue_id),
                        abandonment_cap_percent=content.abandonment_cap / 100,
                        message=None if content.message is None else Announcement.of(content.message),
                        preview_seconds=content.preview_seconds,
                    ),
                )
            case _:
                assert_never(content)


@strawberry.type(
    description="When contacts may be called, by their own clocks. One that ends before it begins goes over midnight "
    "and belongs to the day on which it began; one that ends when it begins is a whole day long."
)
class CallingWindow:
    from_: str = strawberry.field(name="from", description="From this time of day on, `HH:MM`.")
    to: str = strawberry.field(description="Before this one, at most `24:00`.")
    weekdays: list[Weekday] = strawberry.field(description="On these days; none is every day.")

    @classmethod
    def of(cls, window: windows.CallingWindow) -> Self:
        return cls(from_=window.from_time, to=window.to_time, weekdays=list(window.weekdays))


@strawberry.type(
    description="The trunk's circuit breaker. A failure is an attempt that ended with a SIP status of 5xx, or that got "
    "no SIP answer at all: enough of them, within the time, pause the campaign."
)
class CampaignBreaker:
    failures: int = strawberry.field(description="So many failures.")
    seconds: float = strawberry.field(description="Within so many seconds.")
    share_percent: int = strawberry.field(
        description="When they are at least this part of all attempts that ended then."
    )

    @classmethod
    def of(cls, rule: breaker.BreakerRule) -> Self:
        return cls(failures=rule.failures, seconds=rule.seconds, share_percent=rule.share_percent)
