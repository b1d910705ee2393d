"""What a caller can mend, as every mutation says it."""

from enum import StrEnum
from typing import Self

import strawberry
import structlog

from app.api.types.enums.describing import describe
from app.errors import Problem

_log = structlog.get_logger(__name__)


class UserErrorCode(StrEnum):
    """The codes of RefusedError's problems."""

    INVALID_INPUT = "INVALID_INPUT"
    REQUIRED = "REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    INVALID_STATE = "INVALID_STATE"
    INVALID_NUMBER = "INVALID_NUMBER"
    DESTINATION_DENIED = "DESTINATION_DENIED"
    CALLER_ID_NOT_OWNED = "CALLER_ID_NOT_OWNED"
    CALLER_ID_FLAGGED = "CALLER_ID_FLAGGED"
    SANDBOX_ONLY = "SANDBOX_ONLY"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_CURSOR = "INVALID_CURSOR"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    URL_NOT_ALLOWED = "URL_NOT_ALLOWED"
    DIALPLAN_NOT_ALLOWED = "DIALPLAN_NOT_ALLOWED"
    AGENT_OFFLINE = "AGENT_OFFLINE"
    SPEECH_NOT_SUPPORTED = "SPEECH_NOT_SUPPORTED"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    UNKNOWN_STEP = "UNKNOWN_STEP"
    UNREACHABLE_STEP = "UNREACHABLE_STEP"
    ENDLESS_LOOP = "ENDLESS_LOOP"
    FIELD_MISSING = "FIELD_MISSING"
    RATE_LIMITED = "RATE_LIMITED"
    CONCURRENT_CALLS_REACHED = "CONCURRENT_CALLS_REACHED"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"
    DESTINATION_NOT_PRICED = "DESTINATION_NOT_PRICED"
    LIMIT_ABOVE_GRANT = "LIMIT_ABOVE_GRANT"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"


describe(
    UserErrorCode,
    "What is to be mended. Expect values you do not know: this list grows.",
    {
        "INVALID_INPUT": "The value is not of a form or size that is accepted; the message says what is.",
        "REQUIRED": "A value is missing or empty.",
        "NOT_FOUND": "There is no such thing, or it is another account's: the two are not told apart.",
        "INVALID_STATE": "It cannot be done to something in this state; `currentState` names it.",
        "INVALID_NUMBER": "This is no telephone number that can be dialled.",
        "DESTINATION_DENIED": "The account's destination policy does not allow this number.",
        "CALLER_ID_NOT_OWNED": "The caller id is not one of the account's outbound numbers that may be shown: it is "
        "not the account's at all, or not verified yet (`verifyOutboundNumber` does that), or not one of the trunk's "
        "where it takes its own alone.",
        "CALLER_ID_FLAGGED": "The caller id, or every number of the pool, is flagged; the message says what to do.",
        "SANDBOX_ONLY": "A test key reaches the sandbox's phones and numbers only, and changes nothing that is live.",
        "IDEMPOTENCY_KEY_REUSED": "This idempotency key was used before, with another input.",
        "INVALID_CURSOR": "The cursor was not given out for this list, filter and order.",
        "CURSOR_EXPIRED": "The log no longer goes back to this cursor; read anew what you need. It comes as a code in "
        "the answer's `errors`, of the subscription `events` alone, and never in `userErrors`.",
        "ALREADY_EXISTS": "Something with this name or number is there already.",
        "URL_NOT_ALLOWED": "Offhook does not connect to this address, for a webhook, a media stream or anything else: "
        "the message says what it lacks.",
        "DIALPLAN_NOT_ALLOWED": "The operator lets no call go to this context of the dialplan.",
        "AGENT_OFFLINE": "The agent sits at no extension, or the extension has no phone.",
        "NOT_SUPPORTED": "Offhook does not do this yet.",
        "UNKNOWN_STEP": "A call flow leads to a step that it does not have.",
        "UNREACHABLE_STEP": "No way in a call flow leads to this step.",
        "ENDLESS_LOOP": "A caller who presses nothing would stay in this call flow for ever.",
        "SPEECH_NOT_SUPPORTED": "The speech engine or this voice does not do what is asked; the message says what.",
        "FIELD_MISSING": "A template's field has no value.",
        "RATE_LIMITED": "There was too much of this lately; `retryAfterSeconds` says when to ask again.",
        "CONCURRENT_CALLS_REACHED": "The account has as many calls at the same time as it may.",
        "SPEND_CAP_REACHED": "It could cost more than is left of the account's daily spend.",
        "DESTINATION_NOT_PRICED": "The account's daily spend is capped, and this destination has no price.",
        "LIMIT_ABOVE_GRANT": "Only the operator may grant the account so much.",
        "ACCOUNT_SUSPENDED": "The account is suspended.",
    },
)


@strawberry.type(description="Something about the request that the caller can mend. Nothing was done.")
class UserError:
    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong and how to mend it, for people, in English.")
    field: list[str] | None = strawberry.field(
        description='The path inside `input` that is to blame, such as `["destination", "number"]`; '
        "null when it is the request as a whole."
    )
    current_state: str | None = strawberry.field(
        description="With `INVALID_STATE`: the state that the thing is in, such as `ENDED`."
    )
    retry_after_seconds: float | None = strawberry.field(
        default=None, description="With `RATE_LIMITED`: how long to wait before asking again."
    )

    @classmethod
    def of(cls, problem: Problem) -> Self:
        try:
            code = UserErrorCode(problem.code)
        except ValueError:
            # Better the nearest word than an error that hides the message.
            _log.error("user_error_code_unknown", code=problem.code)
            code = UserErrorCode.INVALID_INPUT
        return cls(
            code=code,
            message=problem.message,
            field=list(problem.field) or None,
            current_state=problem.current_state,
            retry_after_seconds=problem.retry_after_seconds,
        )


@strawberry.type
class Payload:
    """What each mutation's own answer has besides what came of it. A refusal is made of this alone."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What the caller can mend; empty when it was done."
    )


@strawberry.type
class DeletionPayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")
