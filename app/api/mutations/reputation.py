"""What people say of outbound numbers: complaints, lists, flags by hand."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified
from app.api.scalars import PhoneNumber
from app.api.types.problem import Payload
from app.api.types.trunks import OutboundNumber
from app.api.types.values import Party
from app.reputation.listed import MOST_LISTED, read_listed


@strawberry.input(description="A complaint about one of the account's numbers. Name the number, or a call, or both.")
class ReportNumberComplaintInput:
    outbound_number_id: strawberry.ID | None = strawberry.field(
        default=None, description="The number that it is about; of a call, the one that it showed."
    )
    call_id: strawberry.ID | None = strawberry.field(
        default=None, description="The call that it is about. Several complaints about one call count once."
    )
    note: str | None = strawberry.field(
        default=None, description="Your own words about it, at most 500 printable characters."
    )


@strawberry.type(description="What came of reporting a complaint.")
class ReportNumberComplaintPayload(Payload):
    outbound_number: OutboundNumber | None = strawberry.field(
        default=None, description="The number that it is about; `reputation` says whether it is flagged now."
    )


@strawberry.input(description="An outbound number to be flagged by hand.")
class FlagOutboundNumberInput(Identified):
    reason: str = strawberry.field(description="Why, at most 500 printable characters.")


@strawberry.type(description="What came of flagging an outbound number.")
class FlagOutboundNumberPayload(Payload):
    outbound_number: OutboundNumber | None = strawberry.field(default=None, description="The number as it is now.")


@strawberry.input(description="An outbound number whose flag is to be taken back.")
class UnflagOutboundNumberInput(Identified):
    pass


@strawberry.type(description="What came of taking a flag back.")
class UnflagOutboundNumberPayload(Payload):
    outbound_number: OutboundNumber | None = strawberry.field(
        default=None,
        description="The number as it is now: still flagged while a list or the reputation provider flags it.",
    )


@strawberry.input(description="A number on a list of flagged ones.")
class FlaggedNumberInput:
    number: PhoneNumber = strawberry.field(description="The number, with its country code.")
    reason: str | None = strawberry.field(
        default=None, description="Why it is there, at most 500 printable characters."
    )


@strawberry.input(description="A list of flagged numbers, in place of what was imported under its name before.")
class ImportFlaggedNumbersInput:
    source: str = strawberry.field(description="The list's name, at most 60 printable characters.")
    numbers: list[FlaggedNumberInput] = strawberry.field(
        description=f"All numbers of the list, the account's own or any others, at most {MOST_LISTED:,}; "
        "none takes the list away."
    )


@strawberry.type(description="What came of importing a list of flagged numbers.")
class ImportFlaggedNumbersPayload(Payload):
    listed_count: int = strawberry.field(default=0, description="How many numbers are on the list now.")
    flagged: list[Party] = strawberry.field(
        default_factory=list, description="Which of the account's outbound numbers it flags."
    )


@strawberry.type
class ReputationMutations:
    @mutation(
        Scope.ROUTING,
        ReportNumberComplaintPayload,
        "Count a complaint about one of the account's numbers: somebody called it spam. Enough of them flag it.",
    )
    async def report_number_complaint(
        self,
        info: Info,
        input: Annotated[ReportNumberComplaintInput, strawberry.argument(description="The complaint.")],  # noqa: A002  # GraphQL's own word
    ) -> ReportNumberComplaintPayload:
        found = await info.context.services.reputation.report_complaint(
            info.context.caller, number_id=input.outbound_number_id, call_id=input.call_id, note=input.note
        )
        return ReportNumberComplaintPayload(outbound_number=OutboundNumber.of(found, info.context.sight))

    @mutation(Scope.ROUTING, FlagOutboundNumberPayload, "Flag a number by hand: no call is placed with it any more.")
    async def flag_outbound_number(
        self,
        info: Info,
        input: Annotated[FlagOutboundNumberInput, strawberry.argument(description="Which one, and why.")],  # noqa: A002
    ) -> FlagOutboundNumberPayload:
        found = await info.context.services.reputation.flag(info.context.caller, input.id, input.reason)
        return FlagOutboundNumberPayload(outbound_number=OutboundNumber.of(found, info.context.sight))

    @mutation(
        Scope.ROUTING,
        UnflagOutboundNumberPayload,
        "Start a number's own history anew: a flag by hand is taken back, calls and complaints so far are forgotten. "
        "Lists and the reputation provider are not overruled.",
    )
    async def unflag_outbound_number(
        self,
        info: Info,
        input: Annotated[UnflagOutboundNumberInput, strawberry.argument(description="Which one.")],  # noqa: A002
    ) -> UnflagOutboundNumberPayload:
        found = await info.context.services.reputation.unflag(info.context.caller, input.id)
        return UnflagOutboundNumberPayload(outbound_number=OutboundNumber.of(found, info.context.sight))

    @mutation(
        Scope.ROUTING,
        ImportFlaggedNumbersPayload,
        "Import a list of numbers that are known as spam. Outbound numbers that are on it are flagged; `numberLookup` "
        "tells of all others.",
    )
    async def import_flagged_numbers(
        self,
        info: Info,
        input: Annotated[ImportFlaggedNumbersInput, strawberry.argument(description="The list.")],  # noqa: A002
    ) -> ImportFlaggedNumbersPayload:
        caller = info.context.caller
        numbers = read_listed([(one.number, one.reason) for one in input.numbers], caller.default_region)
        done = await info.context.services.reputation.import_flagged(caller, caller.account_id, input.source, numbers)
        flagged = [Party.of_number(one, info.context.sight) for one in done.flagged]
        return ImportFlaggedNumbersPayload(
            listed_count=done.listed, flagged=[one for one in flagged if one is not None]
        )
