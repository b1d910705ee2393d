"""Offhook as users run it: ``offhook serve`` in a process of its own, with an account, its key, a phone and a trunk."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from pydantic import SecretStr

from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.config import Settings
from app.db.engine import Database
from app.local.asterisk import AsteriskInstance
from app.local.process import SupervisedProcess
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.policies import DestinationPolicies
from app.routing.service import Routing
from app.secrets.service_secret import Purpose, ServiceSecret
from bench.far_end import ACCOUNT, EXTENSION, TRUNK
from bench.harness import BenchError, Context

_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_OUTBOUND_NUMBER: Final = E164("+12125550199")
NODE: Final = "bench"


@dataclass(slots=True)
class RunningService:
    """A service that is ready to dial; ``token`` is a live key with every scope."""

    url: str
    token: str
    account_id: str
    dsn: str
    process: SupervisedProcess
    log_path: Path
    start: Callable[[], Awaitable[SupervisedProcess]]

    async def kill_and_start_again(self) -> None:
        """kill -9, and the same again at once; `wait_until_ready` says when it is back."""
        self.process.kill()
        await self.process.wait()
        self.process = await self.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def running_service_process(
    context: Context,
    dsn: str,
    *,
    asterisk: AsteriskInstance | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningService]:
    """Run the service on a database and an Asterisk (None: its own embedded one) until the end of the block.

    ``settings`` are OFFHOOK_* variables and win over ours. Nothing of the caller's own settings is taken over.

    Raises:
        BenchError: it ended or was not ready in time; the message ends with what it said last.
    """
    folder = context.make_folder("service")
    port = _find_free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_NODE": NODE,
        "OFFHOOK_DATA_DIR": str(folder),
        "OFFHOOK_DATABASE_URL": dsn,
        "OFFHOOK_SECRET_KEY": secrets.token_urlsafe(40),
        "OFFHOOK_PORT": str(port),
        "OFFHOOK_LOG_LEVEL": "warning",
        # The price of each operation is worked out and taken as ever; what is measured is what one key may not do.
        "OFFHOOK_API_POINTS_PER_MINUTE": "1000000000000",
        "OFFHOOK_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        **(_asterisk_settings(asterisk) if asterisk else {}),
        **(settings or {}),
    }
    account_id, token = await _make_account(dsn, environment["OFFHOOK_SECRET_KEY"], folder)
    log_path = folder / "service.log"

    async def start() -> SupervisedProcess:
        return await SupervisedProcess.start(
            [str(Path(sys.executable).with_name("offhook")), "serve"],
            stdout_path=log_path,
            env=environment,
            cwd=folder,  # away from a developer's .env
            grace_seconds=15.0,
        )

    service = RunningService(f"http://127.0.0.1:{port}", token, account_id, dsn, await start(), log_path, start)
    try:
        await wait_until_ready(service)
        yield service
        if not service.process.is_running:
            raise BenchError(f"The service ended while it was measured: {_last_words(log_path)}")
    finally:
        await service.process.stop()


async def wait_until_ready(service: RunningService) -> None:
    """Return once /readyz says so.

    Raises:
        BenchError: it ended, or was not ready in time.
    """
    try:
        async with (
            asyncio.timeout(_READY_SECONDS),
            httpx.AsyncClient(base_url=service.url, timeout=5.0, trust_env=False) as http,
        ):
            while True:
                if not service.process.is_running:
                    raise BenchError(f"The service did not start: {_last_words(service.log_path)}")
                try:
                    if (await http.get("/readyz")).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass  # not listening yet
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise BenchError(f"The service was not ready in time: {_last_words(service.log_path)}") from None


def _asterisk_settings(asterisk: AsteriskInstance) -> dict[str, str]:
    return {
        "OFFHOOK_ARI_URL": asterisk.ari_url,
        "OFFHOOK_ARI_USERNAME": asterisk.ari_username,
        "OFFHOOK_ARI_PASSWORD": asterisk.ari_password,
        "OFFHOOK_ARI_APPLICATION": "offhook",
    }


async def _make_account(dsn: str, secret_key: str, folder: Path) -> tuple[str, str]:
    """A live account: a sandbox would leave out the validation of numbers. Gives its id and a key."""
    database = await Database.connect(dsn, pool_size=2)
    try:
        audit = AuditLog(database)
        # As a service would load it, so that the key is one that the service knows.
        secret = ServiceSecret.load(Settings(data_dir=folder, secret_key=SecretStr(secret_key), _env_file=None))  # type: ignore[call-arg]
        accounts, routing = Accounts(database, audit), Routing(database, audit)
        account = await accounts.find(ACCOUNT)
        if account is None:
            account = await accounts.create(ACCOUNT, display_name="Benchmark")
            rules = [Rule("+1", is_allowed=True, note="Nobody is called: SIPp is at the end of the trunk.")]
            await DestinationPolicies(database, audit).set_rules(account.id, rules)
            extension = await routing.create_extension(account.id, EXTENSION)
            await routing.create_device(account.id, extension.id)
            await routing.create_trunk(account.id, TRUNK, dial_template="{e164}", is_default=True)
            await routing.create_outbound_number(account.id, _OUTBOUND_NUMBER)
        keys = ApiKeys(database, secret.derive(Purpose.API_KEYS), audit)
        issued = await keys.create(account.id, name="benchmark", scopes=frozenset(Scope))
        return account.id, issued.token
    finally:
        await database.aclose()


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_words(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()[-1500:] or "it said nothing"
