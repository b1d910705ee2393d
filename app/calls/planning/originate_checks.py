"""Whether a call may be placed as it was asked for, and which numbers that names. Pure: refusals, all at once."""

from dataclasses import dataclass

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.planning.queue_plan import HIGHEST_PRIORITY, LEAST_PRIORITY
from app.calls.planning.requests import OriginateRequest
from app.errors import Problem, RefusedError
from app.facts.vocabulary import AgentDisplay, LegRole, MachineAction, RecordingMode
from app.ids import Kind, kind_of
from app.numbers.parse import E164, parse_caller_id, parse_destination, parse_extension
from app.numbers.policy import Allowed, Denied, evaluate, refusal
from app.resources.durations import check_seconds
from app.resources.shown_names import check_shown_name
from app.routing.model import ExtensionTarget, OriginateResolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The telephone numbers of a request, read: whom to dial and, for an agent outside, where."""

    destination: E164 | None
    connect: E164 | None


def pool_of(request: OriginateRequest) -> str | None:
    """The id of the pool that the caller id is to be chosen from; None when it names no pool."""
    given = request.caller_id
    return given if given is not None and kind_of(given) is Kind.OUTBOUND_NUMBER_POOL else None


def read_caller_id(request: OriginateRequest, principal: Principal) -> E164 | None:
    """The caller id asked for, in E.164; None when none is, or a pool.

    Raises:
        RefusedError: CALLER_ID_NOT_OWNED, for what is no number at all: nobody owns that.
    """
    if request.caller_id is None or pool_of(request) is not None:
        return None
    try:
        return parse_caller_id(request.caller_id, default_region=principal.default_region)
    except RefusedError as refused:
        message = "The caller id is not one of the account's outbound numbers."
        raise RefusedError(Problem("CALLER_ID_NOT_OWNED", message, ("callerId",))) from refused


def check_request(request: OriginateRequest, *, variables: frozenset[str] = frozenset(), is_led: bool = False) -> None:
    """Everything that can be told from the request alone. ``variables``: the names that channels' variables may have.
    ``is_led``: whoever answers is led by what the request does not name, so it names nobody to connect.

    Raises:
        RefusedError: all problems at once.
    """
    problems: list[Problem] = []
    if sum(value is not None for value in (request.destination_number, request.destination_extension)) != 1:
        problems.append(Problem("REQUIRED", "Give a number or an extension to call, one of them.", ("destination",)))
    targets = (
        request.connect_agent_id,
        request.connect_extension,
        request.connect_number,
        request.connect_ring_group_id,
        request.connect_queue_id,
        request.connect_call_flow_id,
        request.connect_announcement,
        request.connect_media_stream,
        request.connect_dialplan,
    )
    if sum(value is not None for value in targets) != (0 if is_led else 1):
        message = "Give one target to connect."
        problems.append(Problem("REQUIRED", message, ("connect",)))
    if request.dial_first not in {LegRole.AGENT, LegRole.CUSTOMER}:
        problems.append(Problem("INVALID_INPUT", "A call begins with the AGENT or the CUSTOMER.", ("dialFirst",)))
    if request.detect_machine and request.destination_number is None:
        message = "Only what answers at an outside number is looked into."
        problems.append(Problem("INVALID_INPUT", message, ("detectMachine",)))
    problems += _machine_problems(request)
    problems += texts.check_external_id(request.external_id)
    problems += texts.check_metadata(request.metadata)
    problems += texts.check_tags(request.tags)
    if request.softphone_message is not None:
        problems += texts.check_message(request.softphone_message, "softphoneMessage")
    problems += texts.check_pitch(request.voice_pitch, "voicePitch")
    if request.transcribe and request.recording_mode is RecordingMode.OFF:
        problems.append(Problem("INVALID_INPUT", "What is not recorded cannot be transcribed.", ("transcribe",)))
    problems += texts.check_variables(request.variables, variables)
    problems += check_shown_name(request.caller_id_name, "callerIdName")
    problems += check_shown_name(request.destination_name, "destinationName")
    if request.agent_display is AgentDisplay.CUSTOM and request.destination_name is None:
        message = "agentDisplay CUSTOM shows the destinationName, so give one."
        problems.append(Problem("REQUIRED", message, ("destinationName",)))
    for value, field in (
        (request.agent_ring_seconds, "agentRingSeconds"),
        (request.customer_ring_seconds, "customerRingSeconds"),
    ):
        least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
        problems += check_seconds(value, field, least=least, most=most)
    problems += check_seconds(
        request.max_duration_seconds,
        "maxDurationSeconds",
        least=texts.SHORTEST_TALK_SECONDS,
        most=texts.LONGEST_TALK_SECONDS,
    )
    problems += _extension_text_problems(request.destination_extension, ("destination", "extension"))
    problems += _extension_text_problems(request.connect_extension, ("connect", "extension"))
    if request.connect_agent_id is not None and kind_of(request.connect_agent_id) is not Kind.AGENT:
        problems.append(Problem("NOT_FOUND", "There is no such agent.", ("connect", "agentId")))
    if request.connect_ring_group_id is not None and kind_of(request.connect_ring_group_id) is not Kind.RING_GROUP:
        problems.append(Problem("NOT_FOUND", "There is no such ring group.", ("connect", "ringGroupId")))
    if request.connect_queue_id is not None and kind_of(request.connect_queue_id) is not Kind.QUEUE:
        problems.append(Problem("NOT_FOUND", "There is no such queue.", ("connect", "queueId")))
    if request.connect_call_flow_id is not None and kind_of(request.connect_call_flow_id) is not Kind.CALL_FLOW:
        problems.append(Problem("NOT_FOUND", "There is no such call flow.", ("connect", "callFlowId")))
    if not LEAST_PRIORITY <= request.queue_priority <= HIGHEST_PRIORITY:
        message = f"A priority is {LEAST_PRIORITY} to {HIGHEST_PRIORITY}."
        problems.append(Problem("INVALID_INPUT", message, ("queuePriority",)))
    if request.trunk_id is not None and kind_of(request.trunk_id) is not Kind.TRUNK:
        problems.append(Problem("NOT_FOUND", "There is no such trunk.", ("trunkId",)))
    if problems:
        raise RefusedError(problems)


def _machine_problems(request: OriginateRequest) -> list[Problem]:
    leads = (
        request.connect_call_flow_id,
        request.connect_announcement,
        request.connect_media_stream,
        request.connect_dialplan,
    )
    is_led = any(lead is not None for lead in leads)
    match request.on_machine:
        case None:
            return []
        case _ if not request.detect_machine:
            message = "What is done with a machine needs detectMachine."
        case MachineAction.GO_ON if not is_led:
            message = "A machine is led through a call flow or an announcement alone: HANG_UP or CONNECT."
        case MachineAction.CONNECT if is_led:
            message = "There is nobody to connect with a machine: HANG_UP or GO_ON."
        case _:
            return []
    return [Problem("INVALID_INPUT", message, ("onMachine",))]


def read_numbers(request: OriginateRequest, principal: Principal, *, is_sandbox: bool) -> Numbers:
    """The request's telephone numbers.

    Raises:
        RefusedError: INVALID_NUMBER; SANDBOX_ONLY when a test key asks for a real one.
    """

    def read(text: str | None, field: tuple[str, ...]) -> E164 | None:
        if text is None:
            return None
        return parse_destination(text, default_region=principal.default_region, is_sandbox=is_sandbox, field=field)

    return Numbers(
        destination=read(request.destination_number, ("destination", "number")),
        connect=read(request.connect_number, ("connect", "number")),
    )


def check_allowed(
    request: OriginateRequest,
    principal: Principal,
    numbers: Numbers,
    found: OriginateResolution,
    *,
    is_led: bool = False,
) -> None:
    """Everything that the account's rows say about the request.

    Raises:
        RefusedError: NOT_FOUND, AGENT_OFFLINE, CALLER_ID_NOT_OWNED, CALLER_ID_FLAGGED, DESTINATION_DENIED,
            SANDBOX_ONLY: all at once.
    """
    problems: list[Problem] = []
    is_sandbox = found.trunk is not None and found.trunk.is_sandbox
    if principal.is_test and not is_sandbox:
        problems.append(Problem("SANDBOX_ONLY", "A test key reaches the sandbox only.", ("destination",)))
    problems += [] if is_led else _connect_problems(request, found)
    if request.destination_extension is not None:
        problems += _extension_problems(found.destination, ("destination", "extension"))
    needs_trunk = numbers.destination is not None or numbers.connect is not None
    if found.trunk is None and (needs_trunk or request.trunk_id is not None):
        message = "There is no such trunk." if request.trunk_id else "The account has no default trunk; name one."
        problems.append(Problem("NOT_FOUND", message, ("trunkId",)))
    shown = None if found.caller_id is None else found.caller_id.number
    if found.caller_id is None and (request.caller_id is not None or needs_trunk):
        problems.append(Problem("CALLER_ID_NOT_OWNED", _why_not_shown(request, found), ("callerId",)))
    elif found.caller_id is not None and found.caller_id.flagged_for and (request.caller_id is not None or needs_trunk):
        message = (
            f"The number is flagged, so no call is placed with it: {' '.join(found.caller_id.flagged_for)} "
            "Show another one, give a pool as the callerId, or see to the reason; unflagOutboundNumber starts the "
            "number's own history anew."
        )
        problems.append(Problem("CALLER_ID_FLAGGED", message, ("callerId",)))
    for number, field in (
        (numbers.destination, ("destination", "number")),
        (numbers.connect, ("connect", "number")),
    ):
        if number is not None:
            verdict = evaluate(number, found.rules, caller_id=shown)
            if isinstance(verdict, Denied):
                problems += refusal(verdict, field=field).problems
    if problems:
        raise RefusedError(problems)


def _why_not_shown(request: OriginateRequest, found: OriginateResolution) -> str:
    if found.is_caller_id_unverified:
        which = (
            "The caller id is an outbound number of the account's that" if request.caller_id else "The default number"
        )
        return f"{which} is not verified yet, and only a verified one is shown: verifyOutboundNumber does that."
    if request.caller_id:
        return "The caller id is not one of the account's outbound numbers that this trunk may show."
    return "The account has no default outbound number; give a callerId."


def allowed_by(numbers: Numbers, found: OriginateResolution) -> str | None:
    """The prefix of the account's rule that allows the destination; None where no number is dialled."""
    if numbers.destination is None:
        return None
    shown = None if found.caller_id is None else found.caller_id.number
    verdict = evaluate(numbers.destination, found.rules, caller_id=shown)
    return verdict.rule.prefix if isinstance(verdict, Allowed) else None


def _connect_problems(request: OriginateRequest, found: OriginateResolution) -> list[Problem]:
    if request.connect_number is not None or request.connect_ring_group_id is not None:
        return []
    if request.connect_queue_id is not None:
        missing = Problem("NOT_FOUND", "There is no such queue.", ("connect", "queueId"))
        return [missing] if found.queue is None else []
    leads = (request.connect_announcement, request.connect_media_stream, request.connect_dialplan)
    if any(one is not None for one in leads):
        return []
    if request.connect_call_flow_id is not None:
        missing = Problem("NOT_FOUND", "There is no such call flow.", ("connect", "callFlowId"))
        return [missing] if found.flow is None else []
    if request.connect_extension is not None:
        return _extension_problems(found.connect, ("connect", "extension"))
    if not found.has_agent:
        return [Problem("NOT_FOUND", "There is no such agent.", ("connect", "agentId"))]
    if found.connect is None:
        message = "The agent sits at no extension, and has no phone of its own."
        return [Problem("AGENT_OFFLINE", message, ("connect", "agentId"))]
    return _extension_problems(found.connect, ("connect", "agentId"))


def _extension_problems(target: ExtensionTarget | None, field: tuple[str, ...]) -> list[Problem]:
    if target is None:
        return [Problem("NOT_FOUND", "There is no such extension.", field)]
    if not target.endpoints:
        return [Problem("AGENT_OFFLINE", "The extension has no phone.", field)]
    return []


def _extension_text_problems(text: str | None, field: tuple[str, ...]) -> list[Problem]:
    if text is None:
        return []
    try:
        parse_extension(text, field=field)
    except RefusedError as refused:
        return list(refused.problems)
    return []
