"""What a call is, where it stands and how it came out."""

from app.api.types.enums.describing import OPEN, describe
from app.calls.planning.requests import WaitFor, WaitOutcome
from app.calls.reading.queries import CallOrder
from app.cdrs.queries import CdrOrder
from app.facts.vocabulary import (
    AgentDisplay,
    AnsweredBy,
    CallKind,
    CallState,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    GreetingEnd,
    LegRole,
    LegState,
    MachineAction,
)

describe(
    CallState,
    "Where a call stands. " + OPEN,
    {
        "PENDING": "Accepted and stored; nothing has been dialled yet.",
        "DIALING": "A leg is being dialled; its far end has not answered our signalling yet.",
        "RINGING": "A phone rings.",
        "WAITING_IN_QUEUE": "The customer waits for an agent in a queue.",
        "ANSWERED": "One party is on the line, the other is still to come.",
        "CONNECTED": "Both parties are bridged and can talk.",
        "ENDED": "The last leg is gone. The call detail record is written.",
    },
)
describe(
    AnsweredBy,
    "What has answered, as far as Asterisk can tell. " + OPEN,
    {
        "HUMAN": "A person.",
        "MACHINE": "An answering machine: a long greeting.",
        "FAX": "A fax: its tone was heard, of one that answers or of one that calls.",
        "UNKNOWN": "Asterisk could not tell, or was not there to. It is treated as a person.",
    },
)
describe(
    GreetingEnd,
    "What a machine's greeting was found to be over by. " + OPEN,
    {
        "BEEP": "A tone, followed by silence: its beep.",
        "SILENCE": "Nothing was heard for seconds: it has no beep, or the beep was not told from speech.",
    },
)
describe(
    MachineAction,
    "What is done when an answering machine has answered. " + OPEN,
    {
        "HANG_UP": "Hang up at once: disposition `MACHINE`.",
        "GO_ON": "Go on once its greeting is over: the announcement, or the call flow, is what it records. Not where "
        "somebody is connected.",
        "CONNECT": "Connect the agent, as with a person. Not in campaigns, and not where nobody is connected.",
    },
)
describe(
    CallKind,
    "Why a call exists. " + OPEN,
    {
        "CLICK_TO_CALL": "Placed by `originateCall`.",
        "CAMPAIGN": "Dialled by a campaign.",
        "OTP": "Speaks a one-time password.",
        "CALLBACK": "A callback that somebody scheduled.",
        "INBOUND": "Somebody called one of the account's numbers.",
        "INTERNAL": "Between two extensions.",
    },
)
describe(
    Direction,
    "Which way a call crosses the account's border. " + OPEN,
    {
        "OUTBOUND": "From the account to an outside number.",
        "INBOUND": "From an outside number to the account.",
        "INTERNAL": "Between the account's own extensions.",
    },
)
describe(
    LegRole,
    "Whom a leg reaches. " + OPEN,
    {
        "AGENT": "The account's side.",
        "CUSTOMER": "The other side: the destination.",
        "SUPERVISOR": "A supervisor, who hears the talk without being one of those who talk.",
        "PARTICIPANT": "Somebody who was called into the talk of the two.",
    },
)
describe(
    LegState,
    "Where a leg stands. " + OPEN,
    {
        "PLANNED": "Not dialled yet; its turn comes later, or never.",
        "CREATING": "Its channel is being made in Asterisk.",
        "DIALING": "Dialled; the far end has not said that it rings.",
        "RINGING": "The far end rings.",
        "UP": "Answered.",
        "ENDED": "Gone.",
    },
)
describe(
    AgentDisplay,
    "What the agent's phone shows as the caller. " + OPEN,
    {
        "DESTINATION": "The customer's number, and `destinationName`.",
        "CALLER_ID": "The number that the customer sees.",
        "CUSTOM": "`destinationName` alone.",
    },
)
describe(
    Disposition,
    "How a call came out: the outcome of the leg that decided it. " + OPEN,
    {
        "ANSWERED": "Both parties were connected.",
        "BUSY": "The deciding party was busy.",
        "NO_ANSWER": "It rang until the time was up.",
        "CANCELLED": "The call was given up before both were connected.",
        "REJECTED": "The deciding party declined.",
        "UNREACHABLE": "The deciding party's phone is not there or not registered.",
        "INVALID_NUMBER": "There is no such number.",
        "CONGESTION": "The network had no room.",
        "FAILED": "A fault in Offhook, Asterisk or on the way.",
        "MACHINE": "An answering machine took the call.",
        "VOICEMAIL": "It went to voicemail.",
        "ABANDONED": "The customer hung up while it waited for an agent.",
        "DNC": "The number is on a do-not-call list; nothing was dialled.",
        "BLOCKED": "A rule kept the call from being dialled. Not given so far: what a rule stops is refused before "
        "there is a call, and told by `userErrors`, `contact.skipped`, `callback.failed` or `otp.failed`.",
    },
)
describe(
    EndParty,
    "On whose side the end of a call or leg lies. " + OPEN,
    {
        "AGENT": "The agent's.",
        "CUSTOMER": "The customer's.",
        "SYSTEM": "Offhook's: a request, a limit or a fault.",
        "SUPERVISOR": "A supervisor's.",
        "PARTICIPANT": "That of somebody who was called into the talk.",
    },
)
describe(
    EndCode,
    "Why a call ended, in one word. " + OPEN,
    {
        "HANGUP": "A party hung up: one of the two that were connected, or the one that was alone on the line and did "
        "not wait for the other.",
        "BUSY": "The party was busy.",
        "NO_ANSWER": "The party did not answer before its ring time was up.",
        "REJECTED": "The party declined.",
        "UNREACHABLE": "The party's phone is not there, or Asterisk has no way to it.",
        "INVALID_NUMBER": "There is no such number.",
        "CONGESTION": "The network had no room, or answered with a fault of its own (SIP 5xx).",
        "NETWORK_FAILURE": "The leg failed before it was answered, for a reason that none of the others names.",
        "API_HANGUP": "A request hung up: `hangupCall`.",
        "MAX_DURATION": "`maxDurationSeconds` was reached.",
        "DIAL_FAILED": "Asterisk did not get as far as dialling.",
        "BRIDGE_FAILED": "Asterisk could not connect the two legs.",
        "NODE_LOST": "The Asterisk that carried the call went away.",
        "TRANSFER_FAILED": "A transfer could not be done, and the party that was left had nobody to talk to.",
        "TRANSFERRED": "The other party was transferred by REFER, and talks to the target without Offhook.",
        "SERVICE_AWAY": "Offhook was not there when the call came in; Asterisk told the caller to try later.",
        "TRUNK_FULL": "The trunk has as many calls as it may, and no other trunk could be taken.",
        "LIMIT_REACHED": "The account has reached its limits, or is suspended.",
        "QUEUE_TIMEOUT": "Nobody was found for the caller: the queue's wait limit or length was met, and its overflow "
        "led nowhere.",
        "FLOW_ENDED": "The call flow came to its end, and hung up.",
        "MACHINE": "An answering machine had answered, and `detectMachine` was asked for.",
        "FAX": "A fax had answered, and `detectMachine` was asked for.",
        "DNC": "Nobody was called: the number is on a do-not-call list.",
        "FLOW_FAILED": "The call flow could not go on; `flow.ended` says why.",
        "ANNOUNCEMENT_ENDED": "The announcement was heard to its end.",
        "ANNOUNCEMENT_FAILED": "The announcement, or a part of it, could not be made or played; `playback.failed` "
        "says why.",
        "MEDIA_STREAM_ENDED": "The program that talked to the customer was done, or lost; `mediastream.ended` says "
        "which.",
        "DIALPLAN_ENDED": "The operator's dialplan was done with the call, or the customer hung up while it was there: "
        "Asterisk does not say which.",
        "DIALPLAN_FAILED": "The operator's dialplan did not take the call.",
        "MEDIA_STREAM_FAILED": "The program that was to talk to the customer could not be had; `mediastream.failed` "
        "says why.",
    },
)
describe(
    CdrSource,
    "How the end of a call was learnt. " + OPEN,
    {
        "LIVE": "Watched as it happened.",
        "RECOVERED": "Put together after Offhook could not watch for a while.",
        "BACKFILL": "Added later from another record.",
    },
)
describe(
    WaitFor,
    "How far a call has to get before `originateCall` answers.",
    {
        "CREATED": "Answer as soon as the call is stored.",
        "FIRST_ANSWER": "Until either party answers.",
        "AGENT_ANSWERED": "Until the agent answers.",
        "CONNECTED": "Until both parties can talk. A call that fails before is no error: it comes back with "
        "`waitOutcome: CALL_ENDED` and empty `userErrors`.",
    },
)
describe(
    WaitOutcome,
    "Whether the call got as far as `waitFor` asked. " + OPEN,
    {
        "REACHED": "It did, though it may have ended since.",
        "CALL_ENDED": "Its end was decided before it got there. `call` is there all the same and says how it came out, "
        "by `disposition` and `endReason`. Its `state` is `ENDED` and its `cdr` is there, unless the last leg takes "
        "longer than a second to go. `userErrors` is empty.",
        "TIMED_OUT": "It did not within 55 seconds. The call goes on; the same request with the same key waits again.",
    },
)
describe(
    CallOrder,
    "The order of a list of calls. Ties are broken by id.",
    {"CREATED_AT_DESC": "Newest first.", "CREATED_AT_ASC": "Oldest first."},
)
describe(
    CdrOrder,
    "The order of a list of call detail records. Ties are broken by id.",
    {
        "CREATED_AT_DESC": "Newest first.",
        "CREATED_AT_ASC": "Oldest first.",
        "DURATION_DESC": "Longest first, counted from creation to end.",
        "DURATION_ASC": "Shortest first, counted from creation to end.",
        "TALK_DESC": "Longest talk first.",
        "TALK_ASC": "Shortest talk first.",
    },
)
