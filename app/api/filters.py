"""The filters of lists, as clients write them, and as the queries take them."""

import dataclasses

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.accounts.principal import Principal
from app.api.instants import TimeRangeInput, read_range
from app.api.scalars import PhoneNumber
from app.api.types.enums.events import EventType
from app.cdrs.filters import CallFilter
from app.errors import Problem, RefusedError
from app.events.log import EventFilter
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition, RecordingKind, RecordingState
from app.numbers.parse import parse_destination
from app.recordings.model import RecordingFilter


@strawberry.input(
    description="Which calls or records; everything that is given must hold. An empty list holds for all."
)
class CallFilterInput:
    created: TimeRangeInput | None = strawberry.field(default=None, description="When the call was accepted.")
    dialled_number: PhoneNumber | None = strawberry.field(
        default=None, description="The number that was dialled; of an inbound call that is one of your own."
    )
    customer_number: PhoneNumber | None = strawberry.field(
        default=None,
        description=(
            "The customer's number, whichever way the call went: whom an outbound call was for, and who called, of an "
            "inbound one. Looked for among all calls of the time that `created` names: name one that is not too long."
        ),
    )
    agent_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="One of these agents.")
    extensions: list[str] | None = strawberry.field(default=None, description="One of these agents' extensions.")
    dispositions: list[Disposition] | None = strawberry.field(
        default=None, description="Came out in one of these ways."
    )
    states: list[CallState] | None = strawberry.field(
        default=None, description="Stands at one of these. Records are of `ENDED` calls alone."
    )
    directions: list[Direction] | None = strawberry.field(default=None, description="Goes one of these ways.")
    kinds: list[CallKind] | None = strawberry.field(default=None, description="Is of one of these kinds.")
    external_id: str | None = strawberry.field(default=None, description="Has this id of yours.")
    tag: str | None = strawberry.field(default=None, description="Has this tag of yours.")
    campaign_id: strawberry.ID | None = strawberry.field(default=None, description="Was placed by this campaign.")
    contact_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=(
            "Was placed by a campaign for this contact. Of records: looked for among those of the campaign and the "
            "time that are named as well."
        ),
    )
    callback_id: strawberry.ID | None = strawberry.field(default=None, description="Was placed for this callback.")
    queue_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The customer waited in one of these queues last."
    )
    trunk_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Went over one of these trunks.")
    ring_group_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Was for one of these ring groups: the one whose member answered last, else the one that was rung "
        "last. That is known once the call has ended.",
    )


@strawberry.input(description="Which recordings; everything that is given must hold. An empty list holds for all.")
class RecordingFilterInput:
    created: TimeRangeInput | None = strawberry.field(default=None, description="When it was asked for.")
    customer_number: PhoneNumber | None = strawberry.field(default=None, description="The customer's number.")
    call_id: strawberry.ID | None = strawberry.field(default=None, description="The call that was recorded.")
    kinds: list[RecordingKind] | None = strawberry.field(
        default=None, description="Is of one of these kinds; `VOICEMAIL` are the messages that callers left."
    )
    states: list[RecordingState] | None = strawberry.field(default=None, description="Stands at one of these.")
    extensions: list[str] | None = strawberry.field(default=None, description="One of these agents' extensions.")


@strawberry.input(description="Which events; everything that is given must hold. An empty list holds for all.")
class EventFilterInput:
    types: list[EventType] | None = strawberry.field(default=None, description="One of these types.")
    subject_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The id of what it is about: a call, a contact, a campaign, a job, a list or an endpoint, say.",
    )
    occurred: TimeRangeInput | None = strawberry.field(default=None, description="When it happened.")


def read_call_filter(given: CallFilterInput | None, caller: Principal) -> CallFilter:
    """Raises RefusedError: INVALID_NUMBER, INVALID_INPUT."""
    if given is None:
        return CallFilter()
    created_from, created_to = read_range(given.created, field=("filter", "created"))
    return CallFilter(
        created_from=created_from,
        created_to=created_to,
        number=_read_number(given.dialled_number, caller, "dialledNumber"),
        customer_number=_read_number(given.customer_number, caller, "customerNumber"),
        agent_ids=tuple(given.agent_ids or ()),
        extensions=tuple(given.extensions or ()),
        dispositions=tuple(given.dispositions or ()),
        states=tuple(given.states or ()),
        directions=tuple(given.directions or ()),
        kinds=tuple(given.kinds or ()),
        external_id=given.external_id,
        tag=given.tag,
        campaign_id=given.campaign_id,
        contact_id=given.contact_id,
        callback_id=given.callback_id,
        queue_ids=tuple(given.queue_ids or ()),
        trunk_ids=tuple(given.trunk_ids or ()),
        ring_group_ids=tuple(given.ring_group_ids or ()),
    )


def refuse_empty_lists(given: CallFilterInput) -> None:
    """For what is done to all that a filter admits: whoever gathered a list of nobody does not mean everybody.

    Raises:
        RefusedError: INVALID_INPUT for each list that is given and empty.
    """
    message = "An empty list is not taken for everything here. Leave it out, or do not ask."
    problems = [
        Problem("INVALID_INPUT", message, ("filter", to_camel_case(field.name)))
        for field in dataclasses.fields(given)
        if getattr(given, field.name) == []
    ]
    if problems:
        raise RefusedError(problems)


def read_recording_filter(given: RecordingFilterInput | None, caller: Principal) -> RecordingFilter:
    """Raises RefusedError: INVALID_NUMBER, INVALID_INPUT."""
    if given is None:
        return RecordingFilter()
    created_from, created_to = read_range(given.created, field=("filter", "created"))
    return RecordingFilter(
        number=_read_number(given.customer_number, caller, "customerNumber"),
        call_id=given.call_id,
        kinds=tuple(given.kinds or ()),
        states=tuple(given.states or ()),
        extensions=tuple(given.extensions or ()),
        created_from=created_from,
        created_to=created_to,
    )


def read_event_filter(given: EventFilterInput | None) -> EventFilter:
    """Raises RefusedError: INVALID_INPUT."""
    if given is None:
        return EventFilter()
    occurred_from, occurred_to = read_range(given.occurred, field=("filter", "occurred"))
    return EventFilter(
        types=tuple(one.value for one in given.types or ()),
        subject_id=given.subject_id,
        occurred_from=occurred_from,
        occurred_to=occurred_to,
    )


def _read_number(given: str | None, caller: Principal, name: str) -> str | None:
    if given is None:
        return None
    return parse_destination(
        given, default_region=caller.default_region, is_sandbox=caller.is_test, field=("filter", name)
    )
