"""What a key may see of telephone numbers and pressed keys. Pure.

Without ``pii:read`` a number keeps its country code and its last two digits, and the name that goes with an outside
number is left out; without ``dtmf:read`` every pressed key reads ``x``. The rule is applied where types are made, so
that calls, records, recordings and events all follow it.
"""

from dataclasses import dataclass
from typing import Final, Self

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from app.accounts.principal import Principal
from app.accounts.scopes import Scope

HIDDEN: Final = "*"
#: What stands for a pressed key; not one of the sixteen there are, and the same as in webhooks.
HIDDEN_DIGIT: Final = "x"

_KEPT: Final = 2
_SHORTEST_KEPT: Final = 6  # of fewer digits, two would tell too much
_LONGEST_COUNTRY_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see."""

    has_numbers: bool
    has_digits: bool

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """What this caller's scopes let it see."""
        return cls(has_numbers=principal.has(Scope.PII_READ), has_digits=principal.has(Scope.DTMF_READ))


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


def _country_code(digits: str) -> str:
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        head = digits[:length]
        if head.isascii() and head.isdigit() and int(head) in COUNTRY_CODE_TO_REGION_CODE:
            return head
    return ""
