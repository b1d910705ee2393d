"""Which numbers an account may dial. Pure: number and rules in, verdict out.

There are two sets of rules: what the **operator** grants the account, and the account's **own**, which narrow that. A
number must pass both, so no key can open what the operator has not granted; an account that has set no rules of its
own has what it is granted. Each set says yes in two layers:

1. **The rules.** Countries and prefixes of E.164: the longest prefix wins, a country's rule wins against one for the
   country's code, and what no rule names is denied.
2. **Classes that nobody means to allow** by allowing a whole country: premium rate, shared cost, satellite, global
   networks and the like. A rule lifts such a denial only when it names the class, that is when its prefix is at
   least as long as the class's own: ``+8816`` opens Iridium, ``+1900`` premium numbers in North America, but neither
   ``+`` nor ``+1`` nor ``+44`` opens anything of the kind.

Emergency and short numbers never come this far: they are not E.164, so `app.numbers.parse` refuses them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    country_code_for_region,
    format_number,
    national_significant_number,
    number_type,
    parse,
    region_code_for_number,
)

from app.errors import Problem, RefusedError
from app.numbers.parse import E164, SANDBOX_PREFIX, is_sandbox_number
from app.numbers.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a policy: numbers that begin with ``prefix`` (``+`` and digits) are allowed or denied.

    With a ``country`` (ISO 3166-1 alpha-2) only those of that country are meant; ``prefix`` is its code then.
    ``is_own``: the account's own rule, which narrows what the operator's rules grant.
    """

    prefix: str
    is_allowed: bool
    note: str | None = None
    country: str | None = None
    is_own: bool = False


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
    """The number may not be dialled; ``rule`` is the rule that spoke last, if any matched.

    ``is_own``: the operator grants it, and the account's own rules do not.
    """

    reason: DenialReason
    rule: Rule | None = None
    is_own: bool = False


Verdict = Allowed | Denied


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the numbering plan says of a number."""

    country_code: int
    region: str | None
    type: int


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

_VERSION_DIGITS: Final = 12

_SENTENCES: Final = {
    DenialReason.NOT_ALLOWED: "No rule of this account's destination policy allows this number. "
    "`offhook account grant` sets what it may call.",
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
    granted: list[Rule] = []
    own: list[Rule] = []
    for rule in rules:
        (own if rule.is_own else granted).append(rule)
    verdict = _judge(number, granted)
    if isinstance(verdict, Allowed) and own:
        verdict = _judge(number, own)
        if isinstance(verdict, Denied):
            return replace(verdict, is_own=True)
    if isinstance(verdict, Allowed) and number == caller_id:
        return Denied(DenialReason.OWN_NUMBER, verdict.rule)
    return verdict


def version_of(rules: Iterable[Rule]) -> str:
    """A word for what the rules decide, of twelve hexadecimal digits: the same for the same rules, whenever written.

    Their order and their notes decide nothing, and do not count.
    """
    lines = sorted(f"{one.is_own:d} {one.is_allowed:d} {one.prefix} {one.country or ''}" for one in rules)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_VERSION_DIGITS]


def country_rule(country: str, *, is_allowed: bool, note: str | None = None, is_own: bool = False) -> Rule | None:
    """The rule for all of a country (ISO 3166-1 alpha-2, upper case); None when there is no such country."""
    code = country_code_for_region(country)
    return Rule(f"+{code}", is_allowed, note, country, is_own) if code else None


def is_beyond(rule: Rule, granted: Iterable[Rule]) -> bool:
    """Whether an account's own rule allows nothing at all of what is granted, and is a mistake for that reason."""
    if not rule.is_allowed:
        return False
    ours = [one for one in granted if one.prefix.startswith(rule.prefix) or rule.prefix.startswith(one.prefix)]
    meeting = [one for one in ours if one.country is None or rule.country is None or one.country == rule.country]
    if any(one.is_allowed and len(one.prefix) > len(rule.prefix) for one in meeting):
        return False
    around = [one for one in meeting if len(one.prefix) <= len(rule.prefix)]
    longest = max(around, key=_length, default=None)
    if longest is not None and longest.country is not None and rule.country is None:
        # It speaks for a part of the code alone.
        return not any(one.is_allowed for one in around)
    return longest is None or not longest.is_allowed


def refusal(denied: Denied, *, field: tuple[str, ...] = ()) -> RefusedError:
    """The error for the caller: DESTINATION_DENIED, with the reason in words."""
    return RefusedError(Problem("DESTINATION_DENIED", denial_sentence(denied.reason), field))


def denial_sentence(reason: DenialReason) -> str:
    """The reason in words."""
    return _SENTENCES[reason]


def _judge(number: E164, rules: Sequence[Rule]) -> Verdict:
    """What one set of rules says."""
    rule = _longest_match(number, rules)
    if rule is None:
        return Denied(_class_reason(number) or DenialReason.NOT_ALLOWED)
    if not rule.is_allowed:
        return Denied(DenialReason.DENIED_BY_RULE, rule)
    closed = _closed_class(number)
    if closed is not None and not _names(rule, closed):
        return Denied(closed.reason, rule)
    return Allowed(rule)


def _names(rule: Rule, closed: _Class) -> bool:
    if closed.reason is DenialReason.SHARED_COUNTRY_CODE and rule.country is not None:
        return True
    return len(rule.prefix) >= len(closed.prefix)


def _longest_match(number: E164, rules: Sequence[Rule]) -> Rule | None:
    matching = [rule for rule in rules if number.startswith(rule.prefix)]
    if any(rule.country is not None for rule in matching):
        country = _country_of(number)
        matching = [rule for rule in matching if rule.country in {None, country}]
    return max(matching, key=_length, default=None)


def _length(rule: Rule) -> tuple[int, bool]:
    """How particular a rule is: of two of the same length the country's."""
    return len(rule.prefix), rule.country is not None


def _country_of(number: E164) -> str | None:
    found = _look_up(number)
    return None if found is None else found[0].region


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
    found = _look_up(number)
    if found is None:
        return _Class(DenialReason.UNKNOWN_TYPE, number)  # of no country; nothing short of the whole number names it
    kind, national = found
    reason = _TYPES.get(kind.type)
    if reason is not None:
        return _Class(reason, number[: 1 + len(str(kind.country_code)) + _NATIONAL_DIGITS_TO_NAME])
    return _closed_under_one(number, kind, national) if kind.country_code == 1 else None


def _closed_under_one(number: E164, kind: _Kind, national: str) -> _Class | None:
    # 976 as exchange is premium in every area code of the North American plan; the metadata does not know it.
    if national[3:6] == "976":
        return _Class(DenialReason.PREMIUM_RATE, number[:8])
    if kind.region not in _DOMESTIC_UNDER_ONE:
        return _Class(DenialReason.SHARED_COUNTRY_CODE, number[:5])
    return None


def _look_up(number: E164) -> tuple[_Kind, str] | None:
    """The number's kind, and its national digits; None when it is of no country."""
    kind = _KINDS.find(number)
    if kind is not None:
        return kind, number[1 + len(str(kind.country_code)) :]
    try:
        parsed = parse(number)
    except NumberParseException:
        return None
    return _kind_of(parsed), national_significant_number(parsed)


def _kind_of(parsed: PhoneNumber) -> _Kind:
    # Parsed from E.164, it always has a country code.
    return _Kind(parsed.country_code or 0, region_code_for_number(parsed), number_type(parsed))


def _kind_of_range(number: E164) -> _Kind | None:
    """The kind of all numbers that begin like this one and are as long; None when such are read as something else."""
    try:
        parsed = parse(number)
    except NumberParseException:
        return None
    return _kind_of(parsed) if format_number(parsed, PhoneNumberFormat.E164) == number else None


#: What was looked up once. It says what the plan says, so it is no state of anybody's.
_KINDS: Final = Ranges(_kind_of_range)
