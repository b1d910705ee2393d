"""What these tests stand on: an account and services over the test's own database."""

import os
from pathlib import Path

import pytest

from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.service import Account, Accounts
from app.db.engine import Database
from tests.accounts.stepped_clock import SteppedClock


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database)


@pytest.fixture
def accounts(database: Database, audit: AuditLog) -> Accounts:
    return Accounts(database, audit)


@pytest.fixture
async def account(accounts: Accounts) -> Account:
    return await accounts.create("acme", display_name="Acme Ltd.")


@pytest.fixture
async def other_account(accounts: Accounts) -> Account:
    return await accounts.create("rival")


@pytest.fixture
def keys(database: Database, audit: AuditLog, clock: SteppedClock) -> ApiKeys:
    return ApiKeys(database, b"k" * 32, audit, clock=clock, monotonic=clock.monotonic)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a developer's .env nor the machine's variables come in."""
    for name in [name for name in os.environ if name.startswith("OFFHOOK_") and name != "OFFHOOK_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
