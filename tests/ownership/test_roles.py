"""Which roles may run apart, and what each of them starts."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from app.config import ROLES, Settings, load_settings
from app.errors import ConfigurationError
from app.process.bootstrap import running_service
from app.process.running import ServiceHealth, check_roles
from app.process.serve import serving


def make(data_dir: Path, **values: object) -> Settings:
    return load_settings(data_dir=data_dir, **values)


def test_given_no_database_of_its_own_when_roles_run_apart_then_the_operator_is_told_what_to_set(
    tmp_path: Path,
) -> None:
    check_roles(ROLES, make(tmp_path))
    with pytest.raises(ConfigurationError, match="OFFHOOK_DATABASE_URL"):
        check_roles({"api"}, make(tmp_path))
    check_roles({"api"}, make(tmp_path, database_url=SecretStr("postgresql://somewhere")))


@pytest.mark.parametrize("roles", [set(), {"singer"}, {"api", "singer"}])
def test_given_roles_that_do_not_exist_when_checked_then_all_are_named(tmp_path: Path, roles: set[str]) -> None:
    with pytest.raises(ConfigurationError, match="api, controller, worker"):
        check_roles(roles, make(tmp_path))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("role", "parts"),
    [
        ("api", {"database", "asterisk", "feed", "webhook-listeners"}),
        (
            "worker",
            {
                *("database", "webhook-deliverer", "webhook-settler", "job-worker", "transcript-starter"),
                *(
                    "recording-sweeper",
                    "reputation-reviewer",
                    "usage-keeper",
                    "audio-file-sweeper",
                    "webhook-listeners",
                ),
            },
        ),
    ],
)
async def test_given_a_role_without_an_asterisk_when_it_runs_then_it_looks_at_its_own_parts_alone(
    tmp_path: Path, database_dsn: str, role: str, parts: set[str]
) -> None:
    settings = make(tmp_path, database_url=SecretStr(database_dsn))
    async with running_service(settings, roles={role}) as service:
        found = {part.name: part for part in await ServiceHealth(service).check()}
        assert set(found) >= parts
        assert found["database"].is_ready
        with pytest.raises(LookupError):
            _ = service.registry
        if role == "api":
            assert found["asterisk"].reason == "No process drives the Asterisk of node n1."


@pytest.mark.postgres
async def test_given_a_service_when_told_to_leave_then_it_says_so_before_it_lets_nobody_in(
    tmp_path: Path, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.process.serve.LEAVING_SECONDS", 4.0)  # time enough to ask it, on a busy machine
    settings = make(tmp_path, database_url=SecretStr(database_dsn), port=0)
    async with (
        serving(settings, roles={"worker"}) as running,
        httpx.AsyncClient(base_url=running.url, trust_env=False) as http,
    ):
        assert (await http.get("/readyz")).status_code == httpx.codes.OK
        began = time.monotonic()
        running.leave()
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (httpx.codes.SERVICE_UNAVAILABLE, "unavailable")
        assert answer.json()["parts"]["shutdown"]["reason"] == "This process is shutting down."
        assert (await http.get("/healthz")).status_code == httpx.codes.OK
        await asyncio.wait_for(running.ended(), 60)
        assert time.monotonic() - began >= 4.0
        with pytest.raises(httpx.TransportError):
            await http.get("/healthz")


class _FaultError(Exception):
    """What goes wrong around a service that runs."""


@pytest.mark.postgres
async def test_given_something_goes_wrong_around_a_service_when_it_ends_then_the_server_has_ended_in_order(
    tmp_path: Path, database_dsn: str
) -> None:
    settings = make(tmp_path, database_url=SecretStr(database_dsn), port=0)
    seen = []

    async def fail() -> None:
        async with serving(settings, roles={"worker"}) as running:
            seen.append(running)
            raise _FaultError

    with pytest.raises(ExceptionGroup) as caught:
        await fail()
    assert caught.value.subgroup(_FaultError) is not None
    assert [(running.task.done(), running.task.cancelled()) for running in seen] == [(True, False)]


@pytest.mark.postgres
async def test_given_a_worker_of_its_own_when_a_replay_is_asked_of_another_process_then_the_worker_wakes_at_once(
    tmp_path: Path, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make(tmp_path, database_url=SecretStr(database_dsn))
    async with (
        running_service(settings, roles={"worker"}) as worker,
        running_service(settings, roles={"api"}) as api,
    ):
        async with asyncio.timeout(60):
            while not api.bus.has_others:
                await asyncio.sleep(0.01)
        woken = asyncio.Event()
        monkeypatch.setattr(worker.deliverer, "wake", woken.set)
        api.services.webhook_replays._on_replayed()
        await asyncio.wait_for(woken.wait(), 60)
