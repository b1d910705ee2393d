"""The inputs of mutations about calls."""

import strawberry

from app.api.scalars import PhoneNumber
from app.calls.requests import WaitFor
from app.facts.vocabulary import AgentDisplay, LegRole, Pair, RecordingMode

_KEY = (
    "1 to 255 printable ASCII characters of your own, new for every call you mean to place. The same key with the "
    "same input never dials twice: it answers with the call as it stands, and `replayed: true`. Kept for good; a "
    "refused request does not burn its key."
)


@strawberry.input(one_of=True, description="Whom the customer's side reaches: exactly one of these.")
class CallDestination:
    number: PhoneNumber | None = strawberry.field(default=strawberry.UNSET, description="An outside number.")
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")


@strawberry.input(one_of=True, description="Whom a call is connected to: exactly one of these.")
class CallTarget:
    agent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An agent, at the extension where it sits."
    )
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")
    number: PhoneNumber | None = strawberry.field(
        default=strawberry.UNSET, description="An outside number, such as an agent's mobile phone."
    )


@strawberry.input(description="One of your own key-value pairs.")
class MetadataPairInput:
    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")


@strawberry.input(description="A call to be placed. Durations are seconds; what is left out is your account's default.")
class OriginateCallInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    destination: CallDestination = strawberry.field(description="Whom to call: the customer.")
    connect: CallTarget = strawberry.field(description="Whom to connect with the customer: the agent.")
    dial_first: LegRole = strawberry.field(
        default=LegRole.AGENT, description="Who is dialled first; the other once that one has answered."
    )
    caller_id: PhoneNumber | None = strawberry.field(
        default=None, description="What the customer sees calling: one of the account's outbound numbers."
    )
    caller_id_name: str | None = strawberry.field(default=None, description="The name that the customer sees.")
    agent_display: AgentDisplay = strawberry.field(
        default=AgentDisplay.DESTINATION, description="What the agent's phone shows as the caller."
    )
    destination_name: str | None = strawberry.field(default=None, description="The name that the agent sees.")
    trunk_id: strawberry.ID | None = strawberry.field(default=None, description="The trunk to dial out over.")
    agent_ring_seconds: float | None = strawberry.field(default=None, description="How long the agent may ring.")
    customer_ring_seconds: float | None = strawberry.field(default=None, description="How long the customer may ring.")
    max_duration_seconds: float | None = strawberry.field(
        default=None, description="How long both may talk, counted from the connection."
    )
    recording_mode: RecordingMode = strawberry.field(
        default=RecordingMode.OFF, description="Whose voice is recorded, from the connection on."
    )
    external_id: str | None = strawberry.field(
        default=None,
        description="Your own id for it, such as a lead's. Need not be unique; lists can be filtered by it.",
    )
    metadata: list[MetadataPairInput] = strawberry.field(
        default_factory=list, description="Your own key-value pairs, echoed in every event."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Your own tags, echoed in every event.")
    wait_for: WaitFor = strawberry.field(
        default=WaitFor.CREATED,
        description="How far the call has to get before this answers, at most 55 seconds. Not part of what the "
        "idempotency key stands for. A client that goes away does not hang up.",
    )


@strawberry.input(description="Changes of your own data on a call. What is left out stays; lists replace.")
class UpdateCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own id for it; null clears it."
    )
    metadata: list[MetadataPairInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All of your key-value pairs anew; null is refused, `[]` clears."
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="All of your tags anew; null is refused, `[]` clears."
    )


@strawberry.input(description="A call to be ended.")
class HangupCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")


def read_pairs(given: list[MetadataPairInput]) -> tuple[Pair, ...]:
    """The pairs as the domain knows them."""
    return tuple(Pair(key=pair.key, value=pair.value) for pair in given)
