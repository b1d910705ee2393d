"""Small values that many types share."""

from collections.abc import Iterable
from typing import Self

import strawberry

from app.facts import event as event_facts
from app.facts import vocabulary
from app.facts.event import ActorKind
from app.facts.masking import Sight, is_extension, mask_party
from app.facts.vocabulary import EndCode, EndParty


@strawberry.type(
    description="Who is at one end: a telephone number, a name, an extension; any of them may be missing. "
    "Without the scope `pii:read` the number keeps its country code and last two digits, and an outside party's name "
    "is left out."
)
class Party:
    number: str | None = strawberry.field(description="E.164, such as `+12125550123`; `*` where masked.")
    display: str | None = strawberry.field(description="The name that goes with it, if known.")
    extension: str | None = strawberry.field(description="The account's own extension, for an inside party.")
    is_anonymous: bool = strawberry.field(description="The party withheld its number.")
    is_masked: bool = strawberry.field(description="Parts were left out because the key lacks `pii:read`.")

    @classmethod
    def of(cls, party: vocabulary.Party, sight: Sight) -> Self:
        seen = mask_party(party, sight)
        return cls(
            number=seen.number,
            display=seen.display,
            extension=seen.extension,
            is_anonymous=seen.is_anonymous,
            is_masked=seen is not party,
        )

    @classmethod
    def of_number(cls, number: str | None, sight: Sight, display: str | None = None) -> Self | None:
        """The party behind a number alone; None when there is no number."""
        return None if number is None else cls.of(vocabulary.Party(number=number, display=display), sight)

    @classmethod
    def of_dialled(cls, dialled: str | None, sight: Sight) -> Self | None:
        """The party behind what was dialled, a number or an extension; None when nothing was."""
        if dialled is not None and is_extension(dialled):
            return cls.of(vocabulary.Party(extension=dialled), sight)
        return cls.of_number(dialled, sight)


@strawberry.type(description="One of your own key-value pairs, kept with the call and echoed in every event.")
class MetadataPair:
    key: str = strawberry.field(description="The key, as you gave it.")
    value: str = strawberry.field(description="The value, as you gave it.")

    @classmethod
    def of_all(cls, pairs: Iterable[vocabulary.Pair]) -> list[Self]:
        return [cls(key=pair.key, value=pair.value) for pair in pairs]


@strawberry.type(description="Why and on whose side a call ended.")
class EndReason:
    code: EndCode = strawberry.field(description="Why, in one word.")
    party: EndParty = strawberry.field(description="On whose side: an agent who is busy is `BUSY` and `AGENT`.")
    sip_code: int | None = strawberry.field(description="The far end's final SIP status, where it gave one.")
    hangup_cause: int | None = strawberry.field(description="The Q.850 cause of the leg that decided.")

    @classmethod
    def of(cls, reason: vocabulary.EndReason) -> Self:
        return cls(code=reason.code, party=reason.party, sip_code=reason.sip_code, hangup_cause=reason.hangup_cause)


@strawberry.type(description="Who set something in motion.")
class Actor:
    kind: ActorKind = strawberry.field(description="What kind of actor.")
    id: strawberry.ID | None = strawberry.field(description="The API key's or party's id; null for Offhook itself.")

    @classmethod
    def of(cls, actor: event_facts.Actor) -> Self:
        return cls(kind=actor.kind, id=None if actor.id is None else strawberry.ID(actor.id))
