"""What is known about a number."""

from typing import Self

import strawberry

from app.api.context import Info
from app.api.fields import field
from app.numbers import lookup
from app.numbers.lookup import LineType
from app.numbers.parse import E164
from app.reputation.service import SpamVerdict


@strawberry.type(
    description="What is known about a telephone number: from its digits, and whether it is flagged as spam. "
    "When `isValid` is false, `invalidReason` says why and everything else is empty."
)
class NumberLookup:
    is_valid: bool = strawberry.field(description="The number exists in its country's numbering plan.")
    invalid_reason: str | None = strawberry.field(description="Why it is not valid.")
    e164: str | None = strawberry.field(description="The number in E.164, such as `+12125550123`.")
    national_format: str | None = strawberry.field(description="As people write it inside its country.")
    international_format: str | None = strawberry.field(description="As people write it from abroad.")
    country: str | None = strawberry.field(description="ISO 3166-1 alpha-2 code; null for codes of no country.")
    calling_code: int | None = strawberry.field(description="Country calling code, such as 44.")
    location: str | None = strawberry.field(description="Region or town in English, where the number tells.")
    carrier: str | None = strawberry.field(
        description="The carrier that the range was given to; a ported number names the wrong one."
    )
    line_type: LineType = strawberry.field(description="What kind of line it is.")
    zones: list[str] = strawberry.field(
        description="IANA time zones the number may be in. A calling window should hold in all of them."
    )
    may_ask: strawberry.Private[bool] = False

    @field(
        "Whether the number is flagged as spam: by the account's own reputation of it, an imported list, or the "
        "reputation provider; null when nobody can say."
    )
    async def is_flagged_as_spam(self, info: Info) -> bool | None:
        return (await self._verdict(info)).is_flagged

    @field("Where the verdict comes from, or why there is none.")
    async def spam_reason(self, info: Info) -> str:
        return (await self._verdict(info)).reason

    async def _verdict(self, info: Info) -> SpamVerdict:
        if self.e164 is None:
            return SpamVerdict(is_flagged=None, reason="It is no number.")
        return await info.context.loaders.spam_verdict.load((E164(self.e164), self.may_ask))

    @classmethod
    def of(cls, found: lookup.NumberLookup, *, may_ask: bool = False) -> Self:
        """``may_ask``: the reputation provider may be asked, for which whoever asks then waits."""
        return cls(
            may_ask=may_ask,
            is_valid=found.is_valid,
            invalid_reason=found.problem,
            e164=found.e164,
            national_format=found.national_format,
            international_format=found.international_format,
            country=found.country,
            calling_code=found.calling_code,
            location=found.location,
            carrier=found.carrier,
            line_type=found.line_type,
            zones=list(found.zones),
        )
