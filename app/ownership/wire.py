"""Commands and replies as JSON, between a process without an Asterisk and the one that has it."""

from typing import Final, assert_never

import msgspec

from app.accounts.principal import Principal
from app.calls.core.model.call import Call
from app.calls.core.verbs import Verb
from app.calls.planning.requests import UNSET, OriginateRequest, Placed, UpdateRequest
from app.calls.traces.words import Document
from app.errors import (
    AsteriskUnavailableError,
    DatabaseUnavailableError,
    OffhookError,
    OverloadedError,
    Problem,
    RefusedError,
    ShuttingDownError,
    UnavailableError,
)
from app.facts.vocabulary import Money, Pair

_CLASSES: Final[dict[str, type[UnavailableError]]] = {
    kind.code: kind
    for kind in (
        UnavailableError,
        AsteriskUnavailableError,
        DatabaseUnavailableError,
        OverloadedError,
        ShuttingDownError,
    )
}


class Originate(msgspec.Struct, frozen=True, kw_only=True, tag="originate"):
    """Place a call; the asking process does the waiting."""

    principal: Principal
    request: OriginateRequest


class HangUp(msgspec.Struct, frozen=True, kw_only=True, tag="hang_up"):
    """End a call."""

    principal: Principal
    call_id: str


class Update(msgspec.Struct, frozen=True, kw_only=True, tag="update"):
    """Change the caller's own data; what is left out stays."""

    principal: Principal
    call_id: str
    external_id: str | msgspec.UnsetType | None = msgspec.UNSET
    metadata: tuple[Pair, ...] | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, principal: Principal, request: UpdateRequest) -> "Update":
        return cls(
            principal=principal,
            call_id=request.call_id,
            external_id=msgspec.UNSET if request.external_id is UNSET else request.external_id,
            metadata=msgspec.UNSET if request.metadata is UNSET else request.metadata,
            tags=msgspec.UNSET if request.tags is UNSET else request.tags,
        )

    @property
    def request(self) -> UpdateRequest:
        return UpdateRequest(
            call_id=self.call_id,
            external_id=UNSET if self.external_id is msgspec.UNSET else self.external_id,
            metadata=UNSET if self.metadata is msgspec.UNSET else self.metadata,
            tags=UNSET if self.tags is msgspec.UNSET else self.tags,
        )


class Act(msgspec.Struct, frozen=True, kw_only=True, tag="act"):
    """Ask something of a live call."""

    principal: Principal
    call_id: str
    verb: Verb


class ReadTrace(msgspec.Struct, frozen=True, kw_only=True, tag="read_trace"):
    """Give out the trace of a live call."""

    principal: Principal
    call_id: str


Command = Originate | HangUp | Update | Act | ReadTrace


class Stands(msgspec.Struct, frozen=True, kw_only=True, tag="placed"):
    """The call stands, as asked for now or by an earlier request with the same key."""

    call: Call
    is_replayed: bool
    allowed_by: str | None = None
    most_cost: Money | None = None

    @classmethod
    def of(cls, placed: Placed) -> "Stands":
        return cls(
            call=placed.call, is_replayed=placed.is_replayed, allowed_by=placed.allowed_by, most_cost=placed.most_cost
        )

    @property
    def placed(self) -> Placed:
        return Placed(
            call=self.call, is_replayed=self.is_replayed, allowed_by=self.allowed_by, most_cost=self.most_cost
        )


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag="changed"):
    """It was done; the call as it stands. ``is_replayed``: by an earlier request with the same key."""

    call: Call
    is_replayed: bool = False


class Traced(msgspec.Struct, frozen=True, kw_only=True, tag="traced"):
    """The trace, None when the call is not live or not traced."""

    document: Document | None = None


class WireProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem that the caller can mend."""

    code: str
    message: str
    field: tuple[str, ...] = ()
    current_state: str | None = None
    retry_after_seconds: float | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """It was not done, for a reason that has a code."""

    code: str
    message: str
    retry_after_seconds: float | None = None
    problems: tuple[WireProblem, ...] = ()

    @classmethod
    def of(cls, error: OffhookError) -> "Failed":
        problems = error.problems if isinstance(error, RefusedError) else ()
        return cls(
            code=error.code,
            message=error.message,
            retry_after_seconds=error.retry_after_seconds,
            problems=tuple(
                WireProblem(
                    code=one.code,
                    message=one.message,
                    field=one.field,
                    current_state=one.current_state,
                    retry_after_seconds=one.retry_after_seconds,
                )
                for one in problems
            ),
        )

    def as_error(self) -> OffhookError:
        """The error as it would have been raised in one process."""
        if self.problems:
            return RefusedError(
                [
                    Problem(
                        one.code,
                        one.message,
                        one.field,
                        current_state=one.current_state,
                        retry_after_seconds=one.retry_after_seconds,
                    )
                    for one in self.problems
                ]
            )
        kind = _CLASSES.get(self.code)
        if kind is None:  # INTERNAL: its own process has logged what it was
            return OffhookError(self.message)
        return kind(self.message, retry_after_seconds=self.retry_after_seconds)


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True, tag="withdrawn"):
    """Whoever asked does not want it any more; nobody had taken it."""


Reply = Stands | Changed | Traced | Failed | Withdrawn

_ENCODER: Final = msgspec.json.Encoder()
_COMMANDS: Final = msgspec.json.Decoder(Command)
_REPLIES: Final = msgspec.json.Decoder(Reply)


def kind_of_command(command: Command) -> str:
    """The command's name, as its row has it."""
    match command:
        case Originate():
            return "originate"
        case HangUp():
            return "hang_up"
        case Update():
            return "update"
        case Act():
            return "act"
        case ReadTrace():
            return "read_trace"
        case _:
            assert_never(command)


def encode(message: Command | Reply) -> bytes:
    """A command or reply as JSON."""
    return _ENCODER.encode(message)


def decode_command(text: str) -> Command:
    """Raises msgspec.DecodeError for what no version of ours writes, or a newer one."""
    command: Command = _COMMANDS.decode(text)
    return command


def decode_reply(text: str) -> Reply:
    """Raises msgspec.DecodeError, as above."""
    reply: Reply = _REPLIES.decode(text)
    return reply
