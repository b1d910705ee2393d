"""Call detail records as PostgreSQL's COPY wants them: made from a seed, a year of twenty accounts' business.

Not one of them is random where business is not: calls come in office hours, five accounts have nearly two thirds of
them, an agent has an extension, a name and some fifty calls a day (of ten millions a year), a busy customer has no talk
time. The same seed makes the same rows.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import numpy as np
import orjson

SEED: Final = 20_250_101
ACCOUNTS: Final = 20
AGENTS: Final = 800
CUSTOMERS: Final = 400_000
#: The year the records lie in.
BEGINS_AT: Final = datetime(2025, 1, 1, tzinfo=UTC)
DAYS: Final = 365

_CHUNK: Final = 4_000
_ALPHABET: Final = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)
_MICROSECONDS: Final = 1_000_000
Integers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_HOUR: Final = 3_600 * _MICROSECONDS

#: The order in which the rows' values come.
COLUMNS: Final = (
    *("id", "call_id", "unique_id"),
    *("account_id", "agent_id", "agent_name", "agent_number", "extension", "agent_party"),
    *("caller_id", "caller_id_name", "trunk_id", "is_sandbox"),
    *("kind", "direction"),
    *("disposition", "end_code", "end_party", "sip_code", "hangup_cause", "source"),
    *("created_at", "ringing_at", "answered_at", "connected_at", "ended_at"),
    *("ring_seconds", "talk_seconds", "duration_seconds"),
    *("dialled_number", "customer_name", "customer_party"),
    *("external_id", "request_id", "dtmf", "recording_ids", "metadata_pairs", "tags"),
)

# Share, disposition, end code, whose side, SIP status, Q.850 cause.
_OUTCOMES: Final = (
    (0.540, "ANSWERED", "HANGUP", "CUSTOMER", "200", "16"),
    (0.060, "ANSWERED", "HANGUP", "AGENT", "200", "16"),
    (0.210, "NO_ANSWER", "NO_ANSWER", "CUSTOMER", "480", "19"),
    (0.080, "BUSY", "BUSY", "CUSTOMER", "486", "17"),
    (0.030, "CANCELLED", "HANGUP", "AGENT", r"\N", "16"),
    (0.030, "REJECTED", "REJECTED", "CUSTOMER", "603", "21"),
    (0.020, "INVALID_NUMBER", "INVALID_NUMBER", "CUSTOMER", "404", "1"),
    (0.015, "UNREACHABLE", "UNREACHABLE", "CUSTOMER", "480", "20"),
    (0.010, "CONGESTION", "CONGESTION", "CUSTOMER", "503", "34"),
    (0.005, "FAILED", "NETWORK_FAILURE", "SYSTEM", r"\N", "38"),
)
_KINDS: Final = (
    (0.58, "CLICK_TO_CALL\tOUTBOUND"),
    (0.25, "CAMPAIGN\tOUTBOUND"),
    (0.14, "INBOUND\tINBOUND"),
    (0.03, "INTERNAL\tINTERNAL"),
)
_ENDINGS: Final = (
    (0.70, "\\N\t{}\t[]\t{}"),
    (0.20, '\\N\t{}\t[{"key":"campaign","value":"spring"}]\t{spring}'),
    (0.08, '\\N\t{}\t[{"key":"lead","value":"warm"},{"key":"tier","value":"2"}]\t{warm,vip}'),
    (0.02, "12#\t{}\t[]\t{menu}"),
)
_HOURS_OF_A_DAY: Final = np.array([1] * 7 + [10, 40, 80, 100, 100, 70, 80, 100, 100, 90, 60, 25, 12, 6, 3] + [1] * 2)
_DAYS_OF_A_WEEK: Final = np.array([1.0, 1.05, 1.05, 1.0, 0.85, 0.12, 0.05])


@dataclass(frozen=True, slots=True)
class _Lines:
    """Ready-made parts of rows, and how often each is taken."""

    lines: list[str]
    shares: np.ndarray[Any, np.dtype[np.float64]]


def account_id(number: int) -> str:
    """The id of an account, 0 being the largest: 28 % of all calls are its own."""
    letters = np.random.default_rng(SEED + number).integers(0, 32, 26)
    return f"acc_{_ALPHABET[letters].tobytes().decode()}"


def make_rows(count: int) -> Iterator[bytes]:
    """COPY text of ``count`` rows with the columns of ``COLUMNS``, in the order of their beginning, in pieces."""
    rng = np.random.default_rng(SEED)
    agents, outcomes, kinds, endings = _agent_lines(), _outcome_lines(), _lines(_KINDS), _lines(_ENDINGS)
    created = _beginnings(rng, count)
    for start in range(0, count, _CHUNK):
        yield _make_piece(rng, created[start : start + _CHUNK], start, agents, outcomes, kinds, endings)


def _make_piece(
    rng: np.random.Generator,
    created: Integers,
    number: int,
    agents: _Lines,
    outcomes: _Lines,
    kinds: _Lines,
    endings: _Lines,
) -> bytes:
    size = len(created)
    outcome = rng.choice(len(outcomes.lines), size, p=outcomes.shares)
    is_answered = outcome < 2  # noqa: PLR2004  # the first two outcomes
    ring = np.round(rng.gamma(2.0, 5.0, size) * 1000).astype(np.int64) * 1000 + 400_000
    talk = np.where(is_answered, np.round(rng.lognormal(4.3, 1.1, size) * 1000).astype(np.int64) * 1000, 0)
    rings_at = created + 300_000
    answered_at = created + ring
    ended = answered_at + talk
    instants = [np.datetime_as_string(one.astype("datetime64[us]")).tolist() for one in (created, rings_at, ended)]
    answers = np.where(is_answered, np.datetime_as_string(answered_at.astype("datetime64[us]")), r"\N").tolist()
    customers = rng.integers(0, CUSTOMERS, size).tolist()
    ids, calls = _ids(rng, created), _ids(rng, created)
    return "".join(
        [
            f"cdr_{a}\tcall_{b}\tofk.n1.leg_{b}\t{agents.lines[g]}\t{kinds.lines[k]}\t{outcomes.lines[o]}"
            f"\t{at}\t{rung}\t{answer}\t{answer}\t{end}\t{r}\t{t}\t{d}"
            f"\t+1555{c:07d}\tCustomer {c}"
            f'\t{{"number":"+1555{c:07d}","display":"Customer {c}","extension":null,"isAnonymous":false}}'
            f"\tlead-{c}-{n & 3}\treq_{b}\t{endings.lines[e]}\n"
            for n, a, b, g, k, o, at, rung, answer, end, r, t, d, c, e in zip(
                itertools.count(number),
                ids,
                calls,
                rng.choice(len(agents.lines), size, p=agents.shares).tolist(),
                rng.choice(len(kinds.lines), size, p=kinds.shares).tolist(),
                outcome.tolist(),
                instants[0],
                instants[1],
                answers,
                instants[2],
                (ring / _MICROSECONDS).tolist(),
                (talk / _MICROSECONDS).tolist(),
                ((ended - created) / _MICROSECONDS).tolist(),
                customers,
                rng.choice(len(endings.lines), size, p=endings.shares).tolist(),
            )
        ]
    ).encode()


def _beginnings(rng: np.random.Generator, count: int) -> Integers:
    """When the calls begin, in microseconds since 1970, in order."""
    weekday = (BEGINS_AT.weekday() + np.arange(DAYS)) % 7
    weights = (_DAYS_OF_A_WEEK[weekday][:, None] * _HOURS_OF_A_DAY[None, :]).ravel()
    hours = np.repeat(np.arange(len(weights)), rng.multinomial(count, weights / weights.sum()))
    return np.sort(int(BEGINS_AT.timestamp()) * _MICROSECONDS + hours * _HOUR + rng.integers(0, _HOUR, count))


def _ids(rng: np.random.Generator, created: Integers) -> list[str]:
    """The 26 characters of ``app.ids``: 48 bits of milliseconds, 80 random ones."""
    milliseconds = created // 1000
    letters = np.empty((len(created), 26), dtype=np.uint8)
    for place in range(10):  # 130 bits in 26 letters: the time has the first ten, two bits short of the tenth
        shift = 48 - 5 * place - 3
        letters[:, place] = (milliseconds >> shift if shift >= 0 else milliseconds << -shift) & 31
    letters[:, 9] |= rng.integers(0, 4, len(created), dtype=np.uint8)
    letters[:, 10:] = rng.integers(0, 32, (len(created), 16), dtype=np.uint8)
    flat: list[str] = _ALPHABET[letters].view("S26").ravel().astype("U26").tolist()
    return flat


def _agent_lines() -> _Lines:
    """Zipf's law: the first account has 28 % of the calls and of the agents, the last 1.4 %."""
    weights = 1.0 / np.arange(1, ACCOUNTS + 1)
    lines: list[str] = []
    for account, share in enumerate(weights / weights.sum()):
        of_account = account_id(account)
        for agent in range(round(share * AGENTS)):
            extension, name = str(2000 + agent), f"Agent {account:02d}-{agent:03d}"
            party = {"number": None, "display": name, "extension": extension, "isAnonymous": False}
            lines.append(
                f"{of_account}\tagent_{account:02d}{agent:03d}\t{name}\t\\N\t{extension}\t"
                f"{orjson.dumps(party).decode()}\t+1555990{account:04d}\tAccount {account:02d}\ttrunk_{account:02d}\tf"
            )
    return _Lines(lines, np.full(len(lines), 1 / len(lines)))


def _outcome_lines() -> _Lines:
    return _Lines(
        ["\t".join((*fields, "LIVE")) for _, *fields in _OUTCOMES], np.array([share for share, *_ in _OUTCOMES])
    )


def _lines(pairs: tuple[tuple[float, str], ...]) -> _Lines:
    return _Lines([line for _, line in pairs], np.array([share for share, _ in pairs]))
