"""Which numbers an account may dial. Pure: number and rules in, verdict out.

Two layers, both of which must say yes:

1. **The account's rules.** Prefixes of E.164, longest wins, and what no rule names is denied.
2. **Classes that nobody means to allow** by allowing a whole country: premium rate, shared cost, satellite, global
   networks and the like. A rule lifts such a denial only when it names the class, that is when its prefix is at
   least as long as the class's own: ``+8816`` opens Iridium, ``+1900`` premium numbers in North America, but neither
   ``+`` nor ``+1`` nor ``+44`` opens anything of the kind.

Emergency and short numbers never come this far: they are not E.164, so `app.numbers.parse` refuses them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    national_significant_number,
    number_type,
    parse,
    region_code_for_number,
)

from app.errors import Problem, RefusedError
from app.numbers.parse import E164, SANDBOX_PREFIX, is_sandbox_number


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an account's policy: numbers that begin with ``prefix`` (``+`` and digits) are allowed or denied."""

    prefix: str
    is_allowed: bool
    note: str | None = None


class DenialReason(StrEnum):
    """Why a number may not be dialled."""

    NOT_ALLOWED = "NOT_ALLOWED"
    DENIED_BY_RULE = "DENIED_BY_RULE"
    PREMIUM_RATE = "PREMIUM_RATE"
    SHARED_COST = "SHARED_COST"
    SATELLITE = "SATELLITE"
    GLOBAL_NETWORK = "GLOBAL_NETWORK"
    PERSONAL_NUMBER = "PERSONAL_NUMBER"
    UNIVERSAL_ACCESS = "UNIVERSAL_ACCESS"
    PAGER = "PAGER"
    VOICEMAIL = "VOICEMAIL"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    SHARED_COUNTRY_CODE = "SHARED_COUNTRY_CODE"
    SANDBOX_NUMBER = "SANDBOX_NUMBER"
    OWN_NUMBER = "OWN_NUMBER"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The number may be dialled; ``rule`` says so."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Denied:
    """The number may not be dialled; ``rule`` is the account's rule that spoke last, if any matched."""

    reason: DenialReason
    rule: Rule | None = None


Verdict = Allowed | Denied


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of numbers that only a rule at least as long as ``prefix`` opens."""

    reason: DenialReason
    prefix: str


# ITU-T E.164 Annex D: country codes that belong to networks and services, not to countries.
_GLOBAL_CODES: Final = {
    "+800": DenialReason.GLOBAL_NETWORK,  # international freephone: billed to nobody we know
    "+808": DenialReason.SHARED_COST,  # international shared cost
    "+870": DenialReason.SATELLITE,  # Inmarsat
    "+878": DenialReason.PERSONAL_NUMBER,  # universal personal telecommunications
    "+881": DenialReason.SATELLITE,  # Iridium, Globalstar
    "+882": DenialReason.SATELLITE,  # international networks, satellites among them
    "+883": DenialReason.SATELLITE,
    "+888": DenialReason.GLOBAL_NETWORK,  # disaster relief
    "+979": DenialReason.PREMIUM_RATE,  # international premium rate
    "+991": DenialReason.GLOBAL_NETWORK,  # trial service
}

_TYPES: Final = {
    PhoneNumberType.PREMIUM_RATE: DenialReason.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: DenialReason.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: DenialReason.PERSONAL_NUMBER,
    PhoneNumberType.UAN: DenialReason.UNIVERSAL_ACCESS,
    PhoneNumberType.PAGER: DenialReason.PAGER,
    PhoneNumberType.VOICEMAIL: DenialReason.VOICEMAIL,
    PhoneNumberType.UNKNOWN: DenialReason.UNKNOWN_TYPE,
}

#: National digits a rule must name to open a class inside a country; the least that tells such ranges apart
#: everywhere (+1 900, +44 909, +49 900, +34 905).
_NATIONAL_DIGITS_TO_NAME: Final = 3

#: What is a domestic call from the United States or Canada. The other countries under +1 are dear international
#: destinations that a rule for ``+1`` was hardly meant to open.
_DOMESTIC_UNDER_ONE: Final = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})

_SENTENCES: Final = {
    DenialReason.NOT_ALLOWED: "No rule of this account's destination policy allows this number.",
    DenialReason.DENIED_BY_RULE: "This account's destination policy denies this number.",
    DenialReason.PREMIUM_RATE: "Premium-rate numbers are denied unless a rule names them.",
    DenialReason.SHARED_COST: "Shared-cost numbers are denied unless a rule names them.",
    DenialReason.SATELLITE: "Satellite and international-network numbers are denied unless a rule names them.",
    DenialReason.GLOBAL_NETWORK: "Numbers of global services are denied unless a rule names them.",
    DenialReason.PERSONAL_NUMBER: "Personal (follow-me) numbers are denied unless a rule names them.",
    DenialReason.UNIVERSAL_ACCESS: "Universal access numbers are denied unless a rule names them.",
    DenialReason.PAGER: "Pagers are denied unless a rule names them.",
    DenialReason.VOICEMAIL: "Voicemail access numbers are denied unless a rule names them.",
    DenialReason.UNKNOWN_TYPE: "Numbers of an unknown kind are denied unless a rule names them.",
    DenialReason.SHARED_COUNTRY_CODE: "This country shares +1 with the United States; a rule must name its area code.",
    DenialReason.SANDBOX_NUMBER: "Sandbox numbers can be dialled in the sandbox only.",
    DenialReason.OWN_NUMBER: "The destination is the caller id itself.",
}


def evaluate(number: E164, rules: Iterable[Rule], *, caller_id: str | None = None) -> Verdict:
    """Whether the rules let the number be dialled.

    ``caller_id`` is what the customer would see: a number cannot be called from itself.
    """
    rule = _longest_match(number, rules)
    if rule is None:
        return Denied(_class_reason(number) or DenialReason.NOT_ALLOWED)
    if not rule.is_allowed:
        return Denied(DenialReason.DENIED_BY_RULE, rule)
    closed = _closed_class(number)
    if closed is not None and len(rule.prefix) < len(closed.prefix):
        return Denied(closed.reason, rule)
    if number == caller_id:
        return Denied(DenialReason.OWN_NUMBER, rule)
    return Allowed(rule)


def refusal(denied: Denied, *, field: tuple[str, ...] = ()) -> RefusedError:
    """The error for the caller: DESTINATION_DENIED, with the reason in words."""
    return RefusedError(Problem("DESTINATION_DENIED", _SENTENCES[denied.reason], field))


def _longest_match(number: E164, rules: Iterable[Rule]) -> Rule | None:
    return max(
        (rule for rule in rules if number.startswith(rule.prefix)), key=lambda rule: len(rule.prefix), default=None
    )


def _class_reason(number: E164) -> DenialReason | None:
    closed = _closed_class(number)
    return None if closed is None else closed.reason


def _closed_class(number: E164) -> _Class | None:
    """The class of numbers this one belongs to that needs a rule of its own, or None for ordinary ones."""
    if is_sandbox_number(number):
        return _Class(DenialReason.SANDBOX_NUMBER, SANDBOX_PREFIX)
    code = number[:4]
    if code in _GLOBAL_CODES:
        return _Class(_GLOBAL_CODES[code], code)
    try:
        parsed = parse(number)
    except NumberParseException:
        return _Class(DenialReason.UNKNOWN_TYPE, number)  # of no country; nothing short of the whole number names it
    reason = _TYPES.get(number_type(parsed))
    if reason is not None:
        return _Class(reason, number[: 1 + len(str(parsed.country_code)) + _NATIONAL_DIGITS_TO_NAME])
    return _closed_under_one(number, parsed) if parsed.country_code == 1 else None


def _closed_under_one(number: E164, parsed: PhoneNumber) -> _Class | None:
    # 976 as exchange is premium in every area code of the North American plan; the metadata does not know it.
    if national_significant_number(parsed)[3:6] == "976":
        return _Class(DenialReason.PREMIUM_RATE, number[:8])
    if region_code_for_number(parsed) not in _DOMESTIC_UNDER_ONE:
        return _Class(DenialReason.SHARED_COUNTRY_CODE, number[:5])
    return None
