"""The inputs of mutations about calls."""

import strawberry

from app.api.mutations import shown_numbers
from app.api.mutations.lead_inputs import (
    AnnouncementInput,
    DialplanTargetInput,
    MediaStreamTargetInput,
    read_announcement,
    read_stream_target,
)
from app.api.scalars import PhoneNumber
from app.calls import texts
from app.calls.keeping.keys import LONGEST_KEY
from app.calls.planning.queue_plan import HIGHEST_PRIORITY, LEAST_PRIORITY
from app.calls.planning.requests import WaitFor
from app.facts.vocabulary import AgentDisplay, LegRole, MachineAction, MuteDirection, Pair, RecordingMode
from app.flows.steps import Announcement, DialplanTarget, StreamTarget
from app.resources.shown_names import LONGEST_NAME

#: What an idempotency key may be: `keys.check_key` refuses any other.
KEY_CHARACTERS = f"1 to {LONGEST_KEY} printable ASCII characters of your own."
_KEY = (
    f"{KEY_CHARACTERS} New for every call you mean to place: the same key with the same input never dials twice, and "
    "answers with what it made, as it stands, and `replayed: true`. Kept for good; a refused request does not burn its "
    "key."
)
_RING = (
    f"{texts.SHORTEST_RING_SECONDS:g} to {texts.LONGEST_RING_SECONDS:g} seconds; when left out, the server's setting "
)
#: What is said of these wherever a call is asked for.
EXTERNAL_ID_FORM = f"1 to {texts.LONGEST_EXTERNAL_ID} characters"
PAIRS_FORM = f"At most {texts.MOST_PAIRS}, no key twice."
TAGS_FORM = f"At most {texts.MOST_TAGS} of 1 to {texts.LONGEST_TAG} characters each, none twice."
SHOWN_FORM = f"1 to {LONGEST_NAME} characters, without quotes, `<`, `>` or backslashes"
MESSAGE_FORM = f"at most {texts.LONGEST_MESSAGE_BYTES} bytes of UTF-8"
TALK_FORM = f"{texts.SHORTEST_TALK_SECONDS:g} to {texts.LONGEST_TALK_SECONDS:.0f} seconds"


@strawberry.input(one_of=True, description="Whom the customer's side reaches: exactly one of these.")
class CallDestination:
    number: PhoneNumber | None = strawberry.field(default=strawberry.UNSET, description="An outside number.")
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")


@strawberry.input(one_of=True, description="Whom a call reaches: exactly one of these.")
class CallTarget:
    agent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An agent, at the extension where it sits."
    )
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")
    number: PhoneNumber | None = strawberry.field(
        default=strawberry.UNSET, description="An outside number, such as an agent's mobile phone."
    )
    ring_group_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A ring group.")
    queue_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A queue.")
    call_flow_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A call flow, which leads the customer alone; see `createCallFlow`."
    )
    announcement: AnnouncementInput | None = strawberry.field(
        default=strawberry.UNSET, description="Something that the customer hears, alone; then the call ends."
    )
    media_stream: MediaStreamTargetInput | None = strawberry.field(
        default=strawberry.UNSET, description="A program that talks to the customer, alone; then the call ends."
    )
    dialplan: DialplanTargetInput | None = strawberry.field(
        default=strawberry.UNSET, description="A place in the operator's own dialplan, which takes the customer over."
    )


@strawberry.input(description="One of your own key-value pairs.")
class MetadataPairInput:
    key: str = strawberry.field(description=f"The key: 1 to {texts.LONGEST_PAIR_KEY} characters.")
    value: str = strawberry.field(description=f"The value: at most {texts.LONGEST_PAIR_VALUE} characters.")


@strawberry.input(description="A call to be placed. Durations are seconds.")
class OriginateCallInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    destination: CallDestination = strawberry.field(description="Whom to call: the customer.")
    connect: CallTarget = strawberry.field(description="Whom to connect with the customer: the agent.")
    dial_first: LegRole = strawberry.field(
        default=LegRole.AGENT,
        description="Who is dialled first, `AGENT` or `CUSTOMER`; other roles are refused. The other side is dialled "
        "once that one has answered.",
    )
    caller_id: PhoneNumber | None = strawberry.field(
        default=None, description=shown_numbers.NUMBER + shown_numbers.DEFAULT
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(default=None, description=shown_numbers.POOL)
    caller_id_name: str | None = strawberry.field(
        default=None, description=f"The name that the customer sees: {SHOWN_FORM}. Left out: no name."
    )
    queue_priority: int = strawberry.field(
        default=LEAST_PRIORITY,
        description=f"With `connect: {{queueId}}`: {LEAST_PRIORITY} to {HIGHEST_PRIORITY}, of those who wait the "
        "highest goes first. The customer is dialled first then, and waits once it has answered.",
    )
    agent_display: AgentDisplay = strawberry.field(
        default=AgentDisplay.DESTINATION, description="What the agent's phone shows as the caller."
    )
    destination_name: str | None = strawberry.field(
        default=None,
        description=f"The name that the agent sees: {SHOWN_FORM}. `agentDisplay: CUSTOM` needs one.",
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=None, description="The trunk to dial out over. When left out, the account's default one."
    )
    agent_ring_seconds: float | None = strawberry.field(
        default=None, description=f"How long the agent may ring: {_RING}`OFFHOOK_AGENT_RING_SECONDS` (30)."
    )
    customer_ring_seconds: float | None = strawberry.field(
        default=None, description=f"How long the customer may ring: {_RING}`OFFHOOK_CUSTOMER_RING_SECONDS` (45)."
    )
    max_duration_seconds: float | None = strawberry.field(
        default=None,
        description=f"How long both may talk, counted from the connection: {texts.SHORTEST_TALK_SECONDS:g} to "
        f"{texts.LONGEST_TALK_SECONDS:.0f} seconds; when left out, the server's setting "
        "`OFFHOOK_MAX_DURATION_SECONDS` (14400). Where the account has limits, the time that a party outside spends in "
        "call flows and further queues counts as well.",
    )
    recording_mode: RecordingMode = strawberry.field(
        default=RecordingMode.OFF, description="Whose voice is recorded, from the connection on."
    )
    transcribe: bool = strawberry.field(
        default=False,
        description="Have what is said written down once the recording is saved (`transcript.ready`): of every "
        "recording of the call. It takes a `recordingMode`.",
    )
    external_id: str | None = strawberry.field(
        default=None,
        description=f"Your own id for it, such as a lead's: {EXTERNAL_ID_FORM}. Need not be unique; lists can be "
        "filtered by it.",
    )
    metadata: list[MetadataPairInput] = strawberry.field(
        default_factory=list, description=f"Your own key-value pairs, echoed in every event. {PAIRS_FORM}"
    )
    tags: list[str] = strawberry.field(
        default_factory=list, description=f"Your own tags, echoed in every event. {TAGS_FORM}"
    )
    variables: list[MetadataPairInput] = strawberry.field(
        default_factory=list,
        description="Channel variables for the dialplan and the modules of your Asterisk, set on every channel that is "
        "made for the call. Only names in the server's setting `OFFHOOK_CHANNEL_VARIABLES` (none) are allowed; a value "
        f"has at most {texts.LONGEST_VARIABLE} characters, none of them a control character.",
    )
    softphone_message: str | None = strawberry.field(
        default=None,
        description="A text that the phones of the agent's side get (SIP MESSAGE) as they are dialled, such as what "
        f"the call is about: at most {texts.LONGEST_MESSAGE_BYTES} bytes of UTF-8. Phones that show none ignore it.",
    )
    voice_pitch: float | None = strawberry.field(
        default=None,
        description="How much higher or lower everybody else hears the agent, as a factor: "
        f"{texts.LOWEST_PITCH:g} to {texts.HIGHEST_PITCH:g}; 1 is the voice as it is. `setVoicePitch` changes it.",
    )
    detect_machine: bool = strawberry.field(
        default=False,
        description="Find out whether a person, an answering machine or a fax has answered at the `number`, which "
        "takes up to 5 seconds. An agent that was dialled first hears ringing meanwhile. A machine is hung up, "
        "unless it is for a call flow or an announcement: they begin after the beep, a flow with the variable "
        "`answeredBy`. A fax is hung up, unless it is for a call flow. What is UNKNOWN counts as a person.",
    )
    on_machine: MachineAction | None = strawberry.field(
        default=None,
        description="With `detectMachine`: what is done with an answering machine. When left out, `GO_ON` where a call "
        "flow, an announcement, a program or the dialplan leads whoever answers, and else `HANG_UP`. "
        "`GO_ON` is refused where somebody is connected, `CONNECT` where nobody is.",
    )
    dry_run: bool = strawberry.field(
        default=False,
        description="Look everything up and check it, as for a real call, and say in `dryRun` what would be dialled. "
        "Nothing rings, nothing is kept, and the idempotency key is not used.",
    )
    wait_for: WaitFor = strawberry.field(
        default=WaitFor.CREATED,
        description="How far the call has to get before this answers, at most 55 seconds. Not part of what the "
        "idempotency key stands for. A client that goes away does not hang up.",
    )


@strawberry.input(description="Changes of your own data on a call. What is left out stays; lists replace.")
class UpdateCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own id for it: {EXTERNAL_ID_FORM}; null clears it."
    )
    metadata: list[MetadataPairInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"All of your key-value pairs anew; null is refused, `[]` clears. {PAIRS_FORM}",
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description=f"All of your tags anew; null is refused, `[]` clears. {TAGS_FORM}"
    )


@strawberry.input(description="A call to be ended.")
class HangupCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")


@strawberry.input(description="A leg of a connected call, to be held.")
class HoldCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which of its legs hears music; when left out, the customer's."
    )


@strawberry.input(description="A held leg of a call, to be brought back.")
class UnholdCallInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which of its legs; when left out, the customer's."
    )


@strawberry.input(description="A leg to be silenced.")
class MuteLegInput:
    leg_id: strawberry.ID = strawberry.field(description="The leg; it must have answered.")
    direction: MuteDirection = strawberry.field(
        default=MuteDirection.IN, description="Which way, besides what is silenced already."
    )


@strawberry.input(description="A leg whose silence is to end.")
class UnmuteLegInput:
    leg_id: strawberry.ID = strawberry.field(description="The leg.")
    direction: MuteDirection = strawberry.field(default=MuteDirection.BOTH, description="Which way.")


def key_field() -> str:
    """The idempotency key of a mutation that makes a phone ring."""
    key: str = strawberry.field(description=_KEY)
    return key


def given_text(value: str | None) -> str | None:
    """Of a oneOf input all but one are UNSET. An empty text is a text: the service says what is wrong with it."""
    return value if isinstance(value, str) else None


def given_announcement(target: CallTarget) -> Announcement | None:
    """The announcement that a target is, if it is one."""
    return read_announcement(target.announcement) if target.announcement else None


def given_stream(target: CallTarget) -> StreamTarget | None:
    """The program that a target is, if it is one."""
    return read_stream_target(target.media_stream) if target.media_stream else None


def given_dialplan(target: CallTarget) -> DialplanTarget | None:
    """The place in the dialplan that a target is, if it is one."""
    given = target.dialplan
    return DialplanTarget(context=given.context, extension=given.extension) if given else None


def read_pairs(given: list[MetadataPairInput]) -> tuple[Pair, ...]:
    """The pairs as the domain knows them."""
    return tuple(Pair(key=pair.key, value=pair.value) for pair in given)
