"""What a leg to an outside number costs. Pure: prices by prefix, longest wins; money in millionths of the currency."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.errors import Problem, RefusedError

MICROS: Final = 1_000_000
_MINUTE: Final = 60
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_PREFIX: Final = re.compile(r"\+[0-9]{0,15}", re.ASCII)
#: No destination costs more than this a minute, or to be connected to: a slip of the finger, more likely.
DEAREST_MICROS: Final = 1_000 * MICROS
LONGEST_INCREMENT: Final = 3_600
MOST_RATES: Final = 50_000
_LONGEST_LABEL: Final = 100
_COLUMNS: Final = frozenset(
    {"prefix", "price_per_minute", "connection_fee", "minimum_seconds", "increment_seconds", "label"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What calling numbers with a prefix costs: a fee once it is answered, and a price per minute of talk.

    Talk counts from the answer to the end, at least ``minimum_seconds``, in whole steps of ``increment_seconds``.
    """

    prefix: str
    minute_micros: int
    fee_micros: int = 0
    minimum_seconds: int = 0
    increment_seconds: int = 1
    label: str | None = None


def cost_of(rate: Rate, milliseconds: int, *, is_answered: bool = True) -> int:
    """What so much talk costs, in millionths, rounded up; what was not answered costs nothing.

    ``settling`` has the same arithmetic in SQL.
    """
    if not is_answered:
        return 0
    steps = -(-max(milliseconds, rate.minimum_seconds * 1_000) // (rate.increment_seconds * 1_000))
    return rate.fee_micros + -(-steps * rate.increment_seconds * rate.minute_micros // _MINUTE)


def find_rate(number: str, rates: Mapping[str, Rate]) -> Rate | None:
    """The rate of the longest prefix that the number begins with."""
    return next((rates[prefix] for prefix in prefixes_of(number) if prefix in rates), None)


def prefixes_of(number: str) -> list[str]:
    """All that a number begins with, the longest first."""
    return [number[:length] for length in range(len(number), 0, -1)]


def read_money(text: str, field: tuple[str, ...]) -> int:
    """An amount as people write it (``0.0125``), in millionths.

    Raises:
        RefusedError: INVALID_INPUT.
    """
    if _AMOUNT.fullmatch(text) is None:
        message = "Give an amount such as 0.0125: digits, and at most six behind the point."
        raise RefusedError(Problem("INVALID_INPUT", message, field))
    return int(Decimal(text) * MICROS)


def money_of(micros: int) -> Decimal:
    """Millionths as an amount, without zeros that say nothing."""
    amount = Decimal(micros) / MICROS
    return amount.quantize(Decimal("0.01")) if micros % 10_000 == 0 else amount.normalize()


def read_rates(lines: Iterable[Mapping[str, str | None]]) -> list[Rate]:
    """The rates of a file, each line by its columns: ``prefix``, ``price_per_minute``, and what else a rate may have.

    Raises:
        RefusedError: INVALID_INPUT, with the line; all at once, up to a hundred.
    """
    problems: list[Problem] = []
    rates: dict[str, Rate] = {}
    for number, line in enumerate(lines, 2):
        if len(rates) >= MOST_RATES or len(problems) >= 100:  # noqa: PLR2004 -- as the docstring says
            problems.append(Problem("INVALID_INPUT", f"Give at most {MOST_RATES:,} rates.", ("line", str(number))))
            break
        under = ("line", str(number))
        try:
            rate = _read_line(line, under)
        except RefusedError as refused:
            problems += refused.problems
            continue
        if rate.prefix in rates:
            problems.append(Problem("INVALID_INPUT", f"The prefix {rate.prefix} is given twice.", under))
        rates[rate.prefix] = rate
    if problems:
        raise RefusedError(problems)
    return list(rates.values())


def _read_line(line: Mapping[str, str | None], under: tuple[str, ...]) -> Rate:
    unknown = sorted(str(name) for name in line.keys() - _COLUMNS)
    if unknown:
        raise RefusedError(Problem("INVALID_INPUT", f"There is no column {unknown[0]!r}.", under))
    rate = Rate(
        prefix=(line.get("prefix") or "").strip(),
        minute_micros=read_money((line.get("price_per_minute") or "").strip(), (*under, "price_per_minute")),
        fee_micros=read_money((line.get("connection_fee") or "").strip() or "0", (*under, "connection_fee")),
        minimum_seconds=_read_seconds(line, "minimum_seconds", 0, under),
        increment_seconds=_read_seconds(line, "increment_seconds", 1, under),
        label=(line.get("label") or "").strip() or None,
    )
    check_rates([rate], under)
    return rate


def _read_seconds(line: Mapping[str, str | None], name: str, default: int, under: tuple[str, ...]) -> int:
    text = (line.get(name) or "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise RefusedError(Problem("INVALID_INPUT", "Give whole seconds.", (*under, name)))
    return int(text[:10])


def check_rates(rates: Sequence[Rate], under: tuple[str, ...] = ("rates",)) -> None:
    """Raises RefusedError (INVALID_INPUT) for rates that mean nothing."""
    problems: list[Problem] = []
    for rate in rates:
        if _PREFIX.fullmatch(rate.prefix) is None:
            problems.append(Problem("INVALID_INPUT", "A prefix is + and digits, such as +44.", (*under, "prefix")))
        if not 0 <= rate.minute_micros <= DEAREST_MICROS or not 0 <= rate.fee_micros <= DEAREST_MICROS:
            problems.append(Problem("INVALID_INPUT", "A price is 0 to 1,000.", under))
        if not 0 <= rate.minimum_seconds <= LONGEST_INCREMENT or not 1 <= rate.increment_seconds <= LONGEST_INCREMENT:
            message = f"A minimum is 0 to {LONGEST_INCREMENT} seconds, an increment 1 to {LONGEST_INCREMENT}."
            problems.append(Problem("INVALID_INPUT", message, under))
        if rate.label is not None and (len(rate.label) > _LONGEST_LABEL or not rate.label.isprintable()):
            problems.append(Problem("INVALID_INPUT", "A label is a short line of text.", (*under, "label")))
    if problems:
        raise RefusedError(problems)
