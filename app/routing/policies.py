"""Destination policies as rows: which numbers an account may call. `app.numbers.policy` judges by them.

The operator's rules grant, at the command line; the account's own narrow that, over the API.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.numbers.policy import Rule, country_rule, is_beyond

_PREFIX: Final = re.compile(r"\+[0-9]{0,15}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_MOST_RULES: Final = 1000
_LONGEST_NOTE: Final = 100
_READ: Final = """
SELECT prefix, is_allowed, note, country, is_own FROM destination_rule WHERE account_id = $1 ORDER BY id
"""
_INSERT: Final = """
INSERT INTO destination_rule (account_id, prefix, is_allowed, note, country, is_own) VALUES ($1, $2, $3, $4, $5, $6)
"""


class DestinationPolicies:
    """The policies of all accounts; every change names the account whose policy it is."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def read(self, account_id: str) -> tuple[Rule, ...]:
        """All rules, the operator's and the account's own, each in the order in which they were given."""
        async with self._database.acquire() as connection:
            return await _read(connection, account_id)

    async def set_rules(self, account_id: str, rules: Sequence[Rule], *, by: Principal | None = None) -> None:
        """Replace what the operator grants the account; its own rules stay.

        Raises:
            RefusedError: INVALID_INPUT, a prefix is not ``+`` and up to 15 digits, or is named twice.
        """
        self.check(rules)
        async with self._database.acquire() as connection, connection.transaction():
            await _lock(connection, account_id)
            await _write(connection, account_id, rules, is_own=False)
        self._audit.record(entry_by(by, "destination_policy.grant", account_id=account_id, subject_id=account_id))

    async def set_own_rules(self, by: Principal, rules: Sequence[Rule] | None) -> tuple[Rule, ...]:
        """Replace the account's own rules; None takes them away, and what is granted stands alone. Gives all rules.

        Raises:
            RefusedError: INVALID_INPUT, as `set_rules`; REQUIRED for no rules; DESTINATION_DENIED for a rule that
                would allow what is not granted at all.
        """
        account_id = by.account_id
        own = None if rules is None else [replace(rule, is_own=True) for rule in rules]
        if own is not None:
            self.check(own)
            if not own:
                message = "Give a rule; null takes the account's own rules away, and a DENY of + closes everything."
                raise RefusedError(Problem("REQUIRED", message, ("rules",)))
        async with self._database.acquire() as connection, connection.transaction():
            await _lock(connection, account_id)
            granted = [rule for rule in await _read(connection, account_id) if not rule.is_own]
            problems = [
                Problem(
                    "DESTINATION_DENIED",
                    f"Nothing that begins with {rule.prefix} is granted to this account; ask the operator.",
                    ("rules", str(place)),
                )
                for place, rule in enumerate(own or ())
                if is_beyond(rule, granted)
            ]
            if problems:
                raise RefusedError(problems)
            await _write(connection, account_id, own or (), is_own=True)
            rules_now = await _read(connection, account_id)
        self._audit.record(entry_by(by, "destination_policy.set", account_id=account_id, subject_id=account_id))
        return rules_now

    def check(self, rules: Sequence[Rule]) -> None:
        """Whether `set_rules` would take them.

        Raises:
            RefusedError: INVALID_INPUT.
        """
        problems = _check_rules(rules)
        if problems:
            raise RefusedError(problems)

    async def ensure_rules(self, account_id: str, rules: Sequence[Rule]) -> None:
        """Give the account these rules if it has none at all; a policy that somebody set stays."""
        if not await self.read(account_id):
            await self.set_rules(account_id, rules)


def read_rule(text: str, *, is_allowed: bool, note: str | None = None, field: tuple[str, ...] = ("rules",)) -> Rule:
    """The rule for a prefix (``+`` and digits) or a country (ISO 3166-1, two capital letters).

    Raises:
        RefusedError: INVALID_INPUT, it is neither.
    """
    if _PREFIX.fullmatch(text) is not None:
        return Rule(text, is_allowed, note)
    rule = country_rule(text, is_allowed=is_allowed, note=note) if _COUNTRY.fullmatch(text) else None
    if rule is None:
        message = "A destination is a prefix, + and up to 15 digits, or a country, two capital letters (ISO 3166-1)."
        raise RefusedError(Problem("INVALID_INPUT", message, field))
    return rule


async def _read(connection: PooledConnection, account_id: str) -> tuple[Rule, ...]:
    return tuple(Rule(*row) for row in await connection.fetch(_READ, account_id))


async def _lock(connection: PooledConnection, account_id: str) -> None:
    # Two writers at once would otherwise leave a mixture of both policies.
    await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def _write(connection: PooledConnection, account_id: str, rules: Sequence[Rule], *, is_own: bool) -> None:
    await connection.execute("DELETE FROM destination_rule WHERE account_id = $1 AND is_own = $2", account_id, is_own)
    await connection.executemany(
        _INSERT, [(account_id, rule.prefix, rule.is_allowed, rule.note, rule.country, is_own) for rule in rules]
    )


def _check_rules(rules: Sequence[Rule]) -> list[Problem]:
    if len(rules) > _MOST_RULES:
        return [Problem("INVALID_INPUT", f"A policy has at most {_MOST_RULES} rules.", ("rules",))]
    problems = []
    seen: set[tuple[str, str | None]] = set()
    for index, rule in enumerate(rules):
        field = ("rules", str(index), "prefix")
        if _PREFIX.fullmatch(rule.prefix) is None:
            problems.append(Problem("INVALID_INPUT", "A prefix is + and up to 15 digits.", field))
        elif (rule.prefix, rule.country) in seen:
            what = rule.country or f"The prefix {rule.prefix}"
            problems.append(Problem("INVALID_INPUT", f"{what} is named twice.", field))
        seen.add((rule.prefix, rule.country))
        if rule.note is not None:
            problems += check_text(rule.note, ("rules", str(index), "note"), longest=_LONGEST_NOTE)
    return problems
