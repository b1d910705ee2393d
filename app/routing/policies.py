"""An account's destination policy as rows: which prefixes it may call. `app.numbers.policy` judges by them."""

import re
from collections.abc import Sequence
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.numbers.policy import Rule

_PREFIX: Final = re.compile(r"\+[0-9]{0,15}", re.ASCII)
_MOST_RULES: Final = 1000
_LONGEST_NOTE: Final = 100


class DestinationPolicies:
    """The policies of all accounts; every change names the account whose policy it is."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def set_rules(self, account_id: str, rules: Sequence[Rule], *, by: Principal | None = None) -> None:
        """Replace the account's destination policy.

        Raises:
            RefusedError: INVALID_INPUT, a prefix is not ``+`` and up to 15 digits, or is named twice.
        """
        self.check(rules)
        async with self._database.acquire() as connection, connection.transaction():
            # Two writers at once would otherwise leave a mixture of both policies.
            await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
            await connection.execute("DELETE FROM destination_rule WHERE account_id = $1", account_id)
            await connection.executemany(
                "INSERT INTO destination_rule (account_id, prefix, is_allowed, note) VALUES ($1, $2, $3, $4)",
                [(account_id, rule.prefix, rule.is_allowed, rule.note) for rule in rules],
            )
        self._audit.record(entry_by(by, "destination_policy.set", account_id=account_id, subject_id=account_id))

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
        async with self._database.acquire() as connection:
            has_rules = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM destination_rule WHERE account_id = $1)", account_id
            )
        if not has_rules:
            await self.set_rules(account_id, rules)


def _check_rules(rules: Sequence[Rule]) -> list[Problem]:
    if len(rules) > _MOST_RULES:
        return [Problem("INVALID_INPUT", f"A policy has at most {_MOST_RULES} rules.", ("rules",))]
    problems = []
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        field = ("rules", str(index), "prefix")
        if _PREFIX.fullmatch(rule.prefix) is None:
            problems.append(Problem("INVALID_INPUT", "A prefix is + and up to 15 digits.", field))
        elif rule.prefix in seen:
            problems.append(Problem("INVALID_INPUT", f"The prefix {rule.prefix} is named twice.", field))
        seen.add(rule.prefix)
        if rule.note is not None:
            problems += check_text(rule.note, ("rules", str(index), "note"), longest=_LONGEST_NOTE)
    return problems
