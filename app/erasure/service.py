"""Asking for an erasure: which numbers can be forgotten, and by whose word."""

import hmac
from collections.abc import Sequence
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.contacts.accounts import find_reader
from app.contacts.numbers import NumberRefusedError
from app.db.engine import Database
from app.erasure.order import ErasureOrder
from app.erasure.person import FEWEST_LETTERS, LONGEST_NAME, Person, can_be_looked_for, new_tombstone
from app.errors import Problem, RefusedError
from app.facts.jobs import JobKind
from app.jobs.model import Job, NewJob
from app.jobs.service import Jobs
from app.numbers.parse import is_e164, is_sandbox_number
from app.secrets.sealing import Sealer

#: What a key needs: it deletes recordings and contacts, and says numbers.
NEEDED: Final = (Scope.RECORDINGS_DELETE, Scope.CONTACTS, Scope.PII_READ)
MOST_NAMES: Final = 20

# As `held`, the living rows of configuration; what leads calls to a number, or shows it, must say so no more first.
_CONFIGURED: Final = (
    ("an outbound number", "outbound_number", "held.deleted_at IS NULL", ("number",)),
    ("an inbound route", "inbound_route", "held.deleted_at IS NULL", ("pattern", "target", "overflow")),
    ("a ring group", "ring_group", "held.deleted_at IS NULL", ("overflow",)),
    ("a queue", "queue", "held.deleted_at IS NULL", ("overflow",)),
    ("a call flow", "call_flow", "held.deleted_at IS NULL", ("leads_to",)),
    (
        "a campaign",
        "campaign",
        "held.archived_at IS NULL AND held.state IN ('DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED')",
        ("definition",),
    ),
    ("a rule of the destination policy", "destination_rule", "true", ("prefix",)),
)


class Erasures:
    """The use case. Raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, jobs: Jobs, audit: AuditLog, sealer: Sealer, *, secret: bytes) -> None:
        """``secret`` tells that two requests are about one number, and nothing of which."""
        self._database = database
        self._jobs = jobs
        self._audit = audit
        self._sealer = sealer
        self._secret = secret

    async def begin(self, by: Principal, text: str, *, names: Sequence[str] = (), is_dry_run: bool = False) -> Job:
        """Have all that the account holds about a number erased, and ``names`` with it.

        While an erasure of the number is under way, that one stands for this.

        Raises:
            ScopeError: the key lacks one of NEEDED.
            RefusedError: INVALID_NUMBER; SANDBOX_ONLY; INVALID_INPUT, in ``names``; INVALID_STATE, the account's own
                configuration has the number.
        """
        for scope in NEEDED:
            by.require(scope)
        problems = _check(names)
        if problems:
            raise RefusedError(problems)
        number = await self._read(by, text)
        person = Person(number, new_tombstone()).known_as(names)
        await self._check_unused(by.account_id, person)
        # Keyed, as all that is derived from the number and outlives it: nobody finds it by trying all numbers.
        about = "\n".join((by.account_id, number, str(is_dry_run), *sorted(person.names)))
        job = await self._jobs.enqueue(
            NewJob(
                account_id=by.account_id,
                kind=JobKind.ERASURE,
                key=hmac.digest(self._secret, about.encode(), "sha256").hex(),
                payload=ErasureOrder.about(person, self._sealer, is_dry_run=is_dry_run),
                actor=by.actor,
                request_id=by.request_id,
                is_sandbox=by.is_test,
            )
        )
        self._audit.record(entry_by(by, "personal_data.erase", account_id=by.account_id, subject_id=job.id))
        return job

    async def _read(self, by: Principal, text: str) -> str:
        """The number that is meant. One that nobody could dial may have called: its form will do."""
        if is_e164(text):
            if by.is_test and not is_sandbox_number(text):
                message = "A test key forgets numbers of the sandbox alone."
                raise RefusedError(Problem("SANDBOX_ONLY", message, ("number",)))
            return text
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, by.account_id, is_test=by.is_test)
        try:
            number = str(reader.read(text))
        except NumberRefusedError as refused:
            raise RefusedError(Problem("INVALID_NUMBER", str(refused), ("number",))) from refused
        return await self._read(by, number)

    async def _check_unused(self, account_id: str, person: Person) -> None:
        async with self._database.acquire() as connection:
            for noun, table, living, columns in _CONFIGURED:
                found = " OR ".join(f"held.{column}::text ~ $2" for column in columns)
                rows = await connection.fetch(
                    f"SELECT concat_ws(' ', {', '.join(f'held.{column}::text' for column in columns)}) AS words "  # noqa: S608  # our own names
                    f"FROM {table} AS held WHERE held.account_id = $1 AND {living} AND ({found})",
                    account_id,
                    person.candidates,
                )
                if any(person.is_in(row["words"]) for row in rows):
                    message = (
                        f"{noun.capitalize()} of this account has this number: it is not a stranger's. Change that "
                        "first, and ask again."
                    )
                    raise RefusedError(Problem("INVALID_STATE", message, ("number",), current_state="IN_USE"))


def _check(names: Sequence[str]) -> list[Problem]:
    if len(names) > MOST_NAMES:
        return [Problem("INVALID_INPUT", f"Give at most {MOST_NAMES} names.", ("names",))]
    message = (
        f"A name has {FEWEST_LETTERS} letters at least and {LONGEST_NAME} characters at most, and is no everyday word: "
        "it is taken out wherever it stands beside the number."
    )
    return [
        Problem("INVALID_INPUT", message, ("names", str(place)))
        for place, name in enumerate(names)
        if not can_be_looked_for(name)
    ]
