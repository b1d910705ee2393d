"""What a reader may see of telephone numbers and pressed keys. Pure; GraphQL and webhooks both read it here.

Without ``pii:read`` a number keeps its country code and its last two digits, and the name that goes with an outside
number is left out; without ``dtmf:read`` every pressed key reads ``x``. Extensions are the account's own and are shown.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from app.facts.calls import CallRef, CdrRecord, DtmfReceived
from app.facts.flows import FlowGathered
from app.facts.vocabulary import Party

S = TypeVar("S", bound=msgspec.Struct)

HIDDEN: Final = "*"
#: What stands for a pressed key; not one of the sixteen there are.
HIDDEN_DIGIT: Final = "x"

_KEPT: Final = 2
_SHORTEST_KEPT: Final = 6  # of fewer digits, two would tell too much
_LONGEST_COUNTRY_CODE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a reader may see whole: numbers with their names, pressed keys. Nothing, unless it was granted."""

    has_numbers: bool = False
    has_digits: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden."""
        return self.has_numbers and self.has_digits


def mask_number(number: str) -> str:
    """``+12125550123`` as ``+1********23``; the number of digits stays, so that the eye still sees a number."""
    plus, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < _SHORTEST_KEPT:
        return plus + HIDDEN * len(digits)
    code = _country_code(digits) if plus else ""
    return plus + code + HIDDEN * (len(digits) - len(code) - _KEPT) + digits[-_KEPT:]


def mask_digits(digits: str) -> str:
    """Pressed keys, each as ``x``: they may be a card number or a PIN."""
    return HIDDEN_DIGIT * len(digits)


def hide_text(text: str | None, sight: Sight) -> str | None:
    """A free text that people have written, and may have written anything about a person into; None stays None."""
    return text if text is None or sight.has_numbers else HIDDEN


def mask_contact(uri: str, sight: Sight) -> str:
    """A phone's SIP address; the host tells where a person is, so it is hidden with numbers."""
    if sight.has_numbers:
        return uri
    before, at, _ = uri.partition("@")
    return f"{before}@{HIDDEN}" if at else HIDDEN


def is_extension(dialled: str) -> bool:
    """Whether what was dialled is one of the account's extensions: all outside numbers are in E.164."""
    return not dialled.startswith("+")


def mask_party(party: Party, sight: Sight) -> Party:
    """The party as the reader may see it. One without a number has nothing to hide: it sits inside."""
    if party.number is None or sight.has_numbers:
        return party
    return msgspec.structs.replace(party, number=mask_number(party.number), display=None)


def mask_fact(fact: S, sight: Sight) -> S:
    """A fact, or any part of one, as the reader may see it; the same object where nothing is hidden.

    It looks into every struct in it, so that a fact that is added tomorrow is masked as well.
    """
    if sight.is_whole:
        return fact
    masked: Any = _mask(fact, sight)
    return masked  # type: ignore[no-any-return]  # a struct's copy is of its own type


def _mask(value: Any, sight: Sight) -> Any:
    if isinstance(value, tuple):
        items = tuple(_mask(item, sight) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not isinstance(value, msgspec.Struct):
        return value
    if isinstance(value, Party):
        return mask_party(value, sight)
    changes = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new = _mask(old, sight)
        if new is not old:
            changes[name] = new
    changes |= _own_changes(value, sight)
    return msgspec.structs.replace(value, **changes) if changes else value


def _own_changes(value: msgspec.Struct, sight: Sight) -> dict[str, object]:
    """What is hidden of a struct's own texts."""
    changes: dict[str, object] = {}
    if isinstance(value, CallRef | CdrRecord) and not sight.has_numbers:
        if value.dialled_number is not None and not is_extension(value.dialled_number):
            changes["dialled_number"] = mask_number(value.dialled_number)
        if value.caller_id is not None:
            changes["caller_id"] = mask_number(value.caller_id)
            if isinstance(value, CdrRecord):
                changes["caller_id_name"] = None
    if isinstance(value, CdrRecord) and value.dtmf and not sight.has_digits:
        changes["dtmf"] = mask_digits(value.dtmf)
    if isinstance(value, DtmfReceived) and not sight.has_digits:
        changes["digit"] = HIDDEN_DIGIT
    if isinstance(value, FlowGathered) and not sight.has_digits:
        changes["digits"] = mask_digits(value.digits)
    return changes


def _country_code(digits: str) -> str:
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        head = digits[:length]
        if head.isascii() and head.isdigit() and int(head) in COUNTRY_CODE_TO_REGION_CODE:
            return head
    return ""
