"""What people say of numbers, and what they are told: complaints, imported lists, flags by hand, verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, kind_of
from app.numbers.parse import E164
from app.reputation.judging import Rules
from app.reputation.listed import MOST_LISTED, ListedNumber
from app.reputation.opinions import Opinions
from app.reputation.rows import UNKNOWN_STANDING, NumberStanding, Subject, read_standings, review
from app.routing.model import OutboundNumber
from app.routing.rows import NUMBERS

LONGEST_NOTE: Final = 500
LONGEST_SOURCE: Final = 60

_FIND_CALL: Final = "SELECT caller_id, direction FROM call WHERE id = $1 AND account_id = $2"
_COMPLAIN: Final = """
INSERT INTO number_complaint (account_id, number, call_id, note, reported_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, call_id) WHERE call_id IS NOT NULL DO NOTHING
RETURNING id
"""
_SET_MANUAL: Final = "UPDATE number_reputation SET manual = $3 WHERE account_id = $1 AND number = $2"
_CLEAR: Final = """
UPDATE number_reputation SET manual = NULL, cleared_at = $3 WHERE account_id = $1 AND number = $2
"""
# In the order in which those who count lock them.
_FORGET: Final = """
DELETE FROM number_history AS each USING (
    SELECT account_id, number, day FROM number_history WHERE account_id = $1 AND number = $2 ORDER BY day FOR UPDATE
) AS one
WHERE each.account_id = one.account_id AND each.number = one.number AND each.day = one.day
"""
_UNLIST: Final = "DELETE FROM number_listing WHERE account_id = $1 AND source = $2 RETURNING number"
_LIST: Final = """
INSERT INTO number_listing (account_id, number, source, reason, imported_at)
SELECT $1, number, $2, reason, $5 FROM unnest($3::text[], $4::text[]) AS listed (number, reason)
"""
_OWN: Final = """
SELECT number FROM outbound_number WHERE account_id = $1 AND deleted_at IS NULL AND number = ANY($2::text[])
"""
_LISTED: Final = """
SELECT source, reason FROM number_listing WHERE account_id = $1 AND number = $2 ORDER BY source LIMIT 1
"""
_HAS_LISTS: Final = "SELECT EXISTS (SELECT FROM number_listing WHERE account_id = $1)"

_NOBODY: Final = (
    "No list was imported and no reputation provider is set up, so nothing is known about complaints against this "
    "number."
)
_NO_ANSWER: Final = "The reputation provider has said nothing about this number."


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of importing a list: how many numbers are on it, and which of the account's own are flagged now."""

    listed: int
    flagged: tuple[E164, ...]


@dataclass(frozen=True, slots=True)
class SpamVerdict:
    """Whether a number is flagged as spam; None when nobody can say. ``reason`` says why, or where that comes from."""

    is_flagged: bool | None
    reason: str


class Reputation:
    """The use cases. Each takes the account and looks nowhere else.

    All raise DatabaseUnavailableError, and RefusedError for what the caller can mend.
    """

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, rules: Rules, opinions: Opinions | None = None
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._rules = rules
        self._opinions = opinions

    async def standings(self, account_id: str, numbers: Sequence[str]) -> dict[str, NumberStanding]:
        """What is thought of each of these numbers of the account's."""
        async with self._database.acquire() as connection:
            found = await read_standings(connection, account_id, numbers)
        return {number: found.get(number, UNKNOWN_STANDING) for number in numbers}

    async def report_complaint(
        self, by: Principal, *, number_id: str | None, call_id: str | None, note: str | None
    ) -> OutboundNumber:
        """Count a complaint about an outbound number, or about the one that a call has shown; gives that number.

        Several complaints about one call count once.

        Raises:
            RefusedError: REQUIRED, NOT_FOUND, INVALID_INPUT.
        """
        problems = _check_text(note, "note", LONGEST_NOTE)
        if number_id is None and call_id is None:
            message = "Say which number it is about, or which call."
            problems.append(Problem("REQUIRED", message, ("outboundNumberId",)))
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection, connection.transaction():
            shown = None if call_id is None else await _shown_by(connection, by.account_id, call_id)
            found = await _find_number(connection, by.account_id, number_id, shown)
            now = self._clock.now()
            is_new = await connection.fetchval(_COMPLAIN, by.account_id, found.number, call_id, note, now) is not None
            if is_new:
                await review(connection, [(by.account_id, found.number)], self._rules, now)
        if is_new:
            self._note(by, "outbound_number.report_complaint", found.id)
        return found

    async def flag(self, by: Principal, number_id: str, reason: str) -> OutboundNumber:
        """Flag a number by hand, until it is cleared.

        Raises:
            RefusedError: NOT_FOUND; REQUIRED, INVALID_INPUT for the reason.
        """
        problems = _check_text(reason, "reason", LONGEST_NOTE)
        if not reason.strip():
            problems.append(Problem("REQUIRED", "Say why, for those who will ask.", ("reason",)))
        if problems:
            raise RefusedError(problems)
        return await self._change(by, number_id, "flag", reason.strip())

    async def unflag(self, by: Principal, number_id: str) -> OutboundNumber:
        """Take back a flag by hand, and forget the calls and complaints so far.

        What lists and the provider say stands: a number that they flag stays flagged.

        Raises:
            RefusedError: NOT_FOUND.
        """
        return await self._change(by, number_id, "unflag", None)

    async def import_flagged(
        self, by: Principal | None, account_id: str, source: str, numbers: Sequence[ListedNumber]
    ) -> Imported:
        """Make these the account's list of flagged numbers of that name, in place of what it had under it.

        ``by`` None is the operator at the command line.

        Raises:
            RefusedError: REQUIRED, INVALID_INPUT.
        """
        problems = _check_text(source, "source", LONGEST_SOURCE)
        if not source.strip():
            problems.append(Problem("REQUIRED", "Give the list a name.", ("source",)))
        if len(numbers) > MOST_LISTED:
            problems.append(Problem("INVALID_INPUT", f"A list has at most {MOST_LISTED:,} numbers.", ("numbers",)))
        for place, one in enumerate(numbers):
            problems += _check_text(one.reason, "reason", LONGEST_NOTE, under=("numbers", str(place)))
        if problems:
            raise RefusedError(problems)
        listed = {one.number: one.reason for one in numbers}
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            # Two imports of one list at once: the later one stands, whole.
            await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
            before = [row["number"] for row in await connection.fetch(_UNLIST, account_id, source.strip())]
            await connection.execute(_LIST, account_id, source.strip(), list(listed), list(listed.values()), now)
            rows = await connection.fetch(_OWN, account_id, [*before, *listed])
            own: list[Subject] = [(account_id, E164(row["number"])) for row in rows]
            await review(connection, own, self._rules, now)
        self._audit.record(
            replace(
                entry_by(by, "outbound_number.import_flagged", account_id=account_id),
                details={"source": source.strip(), "numbers": len(listed)},
            )
        )
        return Imported(len(listed), tuple(sorted(number for _, number in own if number in listed)))

    async def verdict_of(self, account_id: str, number: E164, *, may_ask: bool = False) -> SpamVerdict:
        """Whether a number, the account's own or any other, is flagged as spam, as far as the account can know.

        ``may_ask``: the provider is asked if what it last said is no longer good; that may take its time-out.
        """
        async with self._database.acquire() as connection:
            own = await connection.fetchval(_OWN, account_id, [number]) is not None
            standing = (await read_standings(connection, account_id, [number])).get(number) if own else None
            listing = await connection.fetchrow(_LISTED, account_id, number)
            has_lists = await connection.fetchval(_HAS_LISTS, account_id)
        if standing is not None and standing.reasons:
            return SpamVerdict(is_flagged=True, reason=" ".join(one.message for one in standing.reasons))
        if listing is not None:
            tail = "" if listing["reason"] is None else f": {listing['reason']}"
            return SpamVerdict(is_flagged=True, reason=f"It is on the imported list {listing['source']}{tail}.")
        opinion = None
        if self._opinions is not None:
            opinion = await self._opinions.find(account_id, number, may_ask=may_ask)
        if opinion is not None:
            tail = "" if opinion.reason is None else f": {opinion.reason}"
            does = "flags it" if opinion.is_flagged else "does not flag it"
            return SpamVerdict(is_flagged=opinion.is_flagged, reason=f"The reputation provider {does}{tail}.")
        if standing is not None and standing.reviewed_at is not None:
            return SpamVerdict(
                is_flagged=False, reason="It is one of the account's own, and nothing speaks against it."
            )
        if has_lists:
            return SpamVerdict(is_flagged=False, reason="It is on none of the lists that the account has imported.")
        return SpamVerdict(is_flagged=None, reason=_NOBODY if self._opinions is None else _NO_ANSWER)

    async def _change(self, by: Principal, number_id: str, verb: str, manual: str | None) -> OutboundNumber:
        async with self._database.acquire() as connection, connection.transaction():
            found = await _find_number(connection, by.account_id, number_id, None, field="id")
            now, subject = self._clock.now(), (by.account_id, found.number)
            # First of all, for it makes and locks the row.
            await review(connection, [subject], self._rules, now)
            if manual is None:
                await connection.execute(_CLEAR, *subject, now)
                await connection.execute(_FORGET, *subject)
            else:
                await connection.execute(_SET_MANUAL, *subject, manual)
            await review(connection, [subject], self._rules, now)
        self._note(by, f"outbound_number.{verb}", number_id)
        return found

    def _note(self, by: Principal, action: str, number_id: str) -> None:
        self._audit.record(entry_by(by, action, account_id=by.account_id, subject_id=number_id))


async def _find_number(
    connection: PooledConnection,
    account_id: str,
    number_id: str | None,
    shown: str | None,
    *,
    field: str = "outboundNumberId",
) -> OutboundNumber:
    if number_id is not None:
        found = await NUMBERS.get(connection, account_id, number_id)
        if found is None:
            raise NUMBERS.missing(field)
        if shown is not None and shown != found.number:
            raise RefusedError(Problem("INVALID_INPUT", "The call has shown another number.", ("callId",)))
        return found
    own = await NUMBERS.find(connection, account_id, "number = $2", shown)
    if not own:
        raise RefusedError(Problem("INVALID_INPUT", "What the call has shown is no outbound number now.", ("callId",)))
    return own[0]


async def _shown_by(connection: PooledConnection, account_id: str, call_id: str) -> str:
    """The number of the account's that a call has shown."""
    field = ("callId",)
    row = await connection.fetchrow(_FIND_CALL, call_id, account_id) if kind_of(call_id) is Kind.CALL else None
    if row is None:
        raise RefusedError(Problem("NOT_FOUND", "There is no such call.", field))
    if row["direction"] != "OUTBOUND" or row["caller_id"] is None:
        raise RefusedError(Problem("INVALID_INPUT", "The call has shown none of the account's numbers.", field))
    shown: str = row["caller_id"]
    return shown


def _check_text(text: str | None, field: str, longest: int, *, under: tuple[str, ...] = ()) -> list[Problem]:
    if text is None or (len(text) <= longest and (text.isprintable() or not text)):
        return []
    return [Problem("INVALID_INPUT", f"At most {longest} printable characters.", (*under, field))]
