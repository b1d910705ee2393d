"""Small values that many types share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Self

import msgspec
import strawberry

from app.api.projection import Columns, Many, One, Projection, attribute, column, member, same
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


@strawberry.type(description="An amount of money.")
class Money:
    amount: str = strawberry.field(description="A decimal number, such as `12.50`: as exact as it is known.")
    currency: str = strawberry.field(description="ISO 4217, such as `USD`.")

    @classmethod
    def of(cls, money: vocabulary.Money) -> Self:
        return cls(amount=money.amount, currency=money.currency)


class SeenParty(vocabulary.Party, frozen=True, kw_only=True):
    """A party as a reader sees it: what GraphQL's ``Party`` is made of, for projections."""

    is_masked: bool = False


_read_party: Final = msgspec.json.Decoder(SeenParty).decode
PARTY: Final = Projection(
    {name: attribute(name) for name in ("number", "display", "extension", "is_anonymous", "is_masked")}, SeenParty
)


def _see(parties: list[Any], sight: Sight) -> list[Any]:
    """Parties, some of them perhaps None, as :meth:`Party.of` shows them."""
    return parties if sight.has_numbers else [one if one is None else _see_one(one, sight) for one in parties]


def _see_one(party: SeenParty, sight: Sight) -> SeenParty:
    seen = mask_party(party, sight)
    return (
        party
        if seen is party
        else msgspec.structs.replace(party, number=seen.number, display=seen.display, is_masked=True)
    )


def _party_part(make: Callable[[Columns], list[Any]]) -> One:
    return One(lambda source, sight: _see(make(source), sight), PARTY)


def kept_party(name: str) -> One:
    """The party that a column keeps as JSON."""
    return _party_part(lambda source: [_read_party(text) for text in source.column(name)])


def party_of_number(number: str, display: str | None = None) -> One:
    """As :meth:`Party.of_number`, from columns."""

    def make(source: Columns) -> list[Any]:
        names: Sequence[Any] = source.column(display) if display else [None] * len(source)
        return [
            None if one is None else SeenParty(number=one, display=name)
            for one, name in zip(source.column(number), names, strict=True)
        ]

    return _party_part(make)


def party_of_dialled(name: str) -> One:
    """As :meth:`Party.of_dialled`, from a column."""

    def make_one(dialled: str | None) -> SeenParty | None:
        if dialled is None:
            return None
        return SeenParty(number=dialled) if not is_extension(dialled) else SeenParty(extension=dialled)

    return _party_part(lambda source: [make_one(one) for one in source.column(name)])


@strawberry.type(description="A key and its value.")
class MetadataPair:
    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")

    @classmethod
    def of_all(cls, pairs: Iterable[vocabulary.Pair]) -> list[Self]:
        return [cls(key=pair.key, value=pair.value) for pair in pairs]


_read_pairs: Final = msgspec.json.Decoder(list[vocabulary.Pair]).decode


def kept_metadata(name: str) -> Many:
    """The pairs that a column keeps as JSON."""
    return Many(
        lambda source, _sight: [_read_pairs(text) for text in source.column(name)],
        Projection({"key": attribute("key"), "value": attribute("value")}, vocabulary.Pair),
    )


@strawberry.type(description="Why and on whose side a call ended.")
class EndReason:
    code: EndCode = strawberry.field(description="Why, in one word.")
    party: EndParty = strawberry.field(description="On whose side: an agent who is busy is `BUSY` and `AGENT`.")
    sip_code: int | None = strawberry.field(description="The far end's final SIP status, where it gave one.")
    hangup_cause: int | None = strawberry.field(description="The Q.850 cause of the leg that decided.")

    @classmethod
    def of(cls, reason: vocabulary.EndReason) -> Self:
        return cls(code=reason.code, party=reason.party, sip_code=reason.sip_code, hangup_cause=reason.hangup_cause)


#: From the columns of a record.
END_REASON: Final = One(
    same,
    Projection(
        {
            "code": member("end_code", EndCode),
            "party": member("end_party", EndParty),
            "sip_code": column("sip_code"),
            "hangup_cause": column("hangup_cause"),
        }
    ),
)


@strawberry.type(
    description="How a leg sounded, in the worse of its two directions, by Asterisk's count of its RTP packets."
)
class Quality:
    mos: float = strawberry.field(
        description="Mean opinion score, 1 (bad) to 4.41, computed from loss, jitter and delay by ITU-T G.107."
    )
    loss_percent: float = strawberry.field(
        description="The share of packets that was lost, in percent. It is counted every few seconds, so the last of "
        "them are left out."
    )
    jitter_ms: float = strawberry.field(description="How unevenly the packets came, in milliseconds (RFC 3550).")

    @classmethod
    def of(cls, quality: vocabulary.Quality | None) -> Self | None:
        if quality is None:
            return None
        return cls(mos=quality.mos, loss_percent=quality.loss_percent, jitter_ms=quality.jitter_ms)


def _read_qualities(source: Columns, _sight: Sight) -> list[vocabulary.Quality | None]:
    columns = (source.column(name) for name in ("mos", "loss_percent", "jitter_ms"))
    return [
        None if mos is None else vocabulary.Quality(mos=mos, loss_percent=loss, jitter_ms=jitter)
        for mos, loss, jitter in zip(*columns, strict=True)
    ]


#: From the columns of a record.
QUALITY: Final = One(
    _read_qualities, Projection({name: attribute(name) for name in ("mos", "loss_percent", "jitter_ms")})
)


@strawberry.type(description="Who set something in motion.")
class Actor:
    kind: ActorKind = strawberry.field(description="What kind of actor.")
    id: strawberry.ID | None = strawberry.field(
        description="Of an API key its id, of a party of a call the id of its leg; null for Offhook itself."
    )

    @classmethod
    def of(cls, actor: event_facts.Actor) -> Self:
        return cls(kind=actor.kind, id=None if actor.id is None else strawberry.ID(actor.id))
