"""Everything that docker-compose.yml starts is started by its own command, and together they place a call."""

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from app.accounts.audit import AuditLog
from app.db.engine import Database
from app.local.asterisk import AsteriskInstall
from app.local.asterisk_ports import reserve_ports
from app.routing.sandbox import seed_sandbox
from tests.operations import composed
from tests.operations.composed import Part, read_parts, until_true
from tests.rig.free_port import reserve_port
from tests.rig.nats import running_nats
from tests.rig.programs import ensure_programs
from tests.rig.promtool import ensure_prometheus
from tests.webhooks.sink import running_sink

pytestmark = pytest.mark.asterisk

_RTP_PORTS: Final = 200
_SECONDS: Final = 90.0
_ENDPOINT: Final = """mutation($url: String!) {
  createWebhookEndpoint(input: {url: $url, eventTypes: ["call.ended"]}) { userErrors { message } } }"""
#: Answers, and stays for longer than is needed.
_PLACE: Final = """mutation { originateCall(input: {idempotencyKey: "composed", waitFor: CONNECTED,
  destination: {number: "+15550100000"}, connect: {extension: "2001"}}) {
    call { id } waitOutcome userErrors { message } } }"""

_HANG_UP: Final = "mutation($id: ID!) { hangupCall(input: {callId: $id}) { userErrors { message } } }"


@dataclass(frozen=True, slots=True)
class Composed:
    """What runs, and where it is found."""

    offhook: Part
    asterisk: Part
    offhook_url: str
    prometheus_url: str
    key: str

    async def ask(self, query: str, **variables: str) -> Any:
        async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
            answer = await http.post(
                f"{self.offhook_url}/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {self.key}"},
            )
        payload = next(iter(answer.json()["data"].values()))
        assert payload["userErrors"] == []
        return payload


@pytest.fixture(scope="module")
async def all_parts(asterisk_install: AsteriskInstall) -> AsyncIterator[Composed]:
    """PostgreSQL, Asterisk, then Offhook, as the file's conditions say; and what its profiles add, but Grafana."""
    await asyncio.to_thread(ensure_programs, "curl")
    prometheus = await asyncio.to_thread(ensure_prometheus)
    # A short name without dots: sounds are cached below it, and the server's user passes through it.
    directory = Path(tempfile.mkdtemp(prefix="offhook-composed-", dir="/tmp"))
    directory.chmod(0o711)
    try:
        async with contextlib.AsyncExitStack() as stack:
            postgres, api, watching = (
                stack.enter_context(reserve_port()).getsockname()[1] for _ in ("postgres", "api", "prometheus")
            )
            ports = stack.enter_context(reserve_ports(rtp_port_count=_RTP_PORTS, address="0.0.0.0"))  # noqa: S104  # the container's
            await stack.enter_async_context(composed.running_postgres(directory, postgres))
            asterisk = await stack.enter_async_context(composed.running_asterisk(directory, asterisk_install, ports))
            nats = await stack.enter_async_context(running_nats(directory, *read_parts()["nats"]["command"]))
            places = {
                "postgres:5432": f"127.0.0.1:{postgres}",
                "http://asterisk:8088": f"http://127.0.0.1:{ports.http}",
                "http://offhook:8000": f"http://127.0.0.1:{api}",
            }
            offhook = await stack.enter_async_context(
                composed.running_offhook(
                    directory, api, places, OFFHOOK_NATS_URL=nats.url, OFFHOOK_WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8"
                )
            )
            await stack.enter_async_context(
                composed.running_prometheus(directory, prometheus, watching, f"127.0.0.1:{api}")
            )
            urls = (f"http://127.0.0.1:{api}", f"http://127.0.0.1:{watching}")
            yield Composed(offhook, asterisk, *urls, await _make_key(offhook))
    finally:
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _make_key(offhook: Part) -> str:
    """A key of the sandbox, whose phones are in Asterisk's configuration; made as in the service's container."""
    database = await Database.connect(offhook.environment["OFFHOOK_DATABASE_URL"], pool_size=2)
    try:
        await seed_sandbox(database, AuditLog(database))
    finally:
        await database.aclose()
    done = await asyncio.to_thread(
        subprocess.run,
        (str(Path(sys.executable).parent / "offhook"), "key", "create", "sandbox"),
        cwd=offhook.directory,
        env=dict(offhook.environment),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
async def ended_call(all_parts: Composed) -> AsyncIterator[tuple[Any, Any]]:
    """One call that Prometheus has seen live: the answer to its request, and the body of the webhook of its end."""
    async with running_sink() as sink:
        await all_parts.ask(_ENDPOINT, url=sink.url())
        placed = await all_parts.ask(_PLACE)
        await until_true(
            f"{all_parts.prometheus_url}/api/v1/query",
            lambda answer: answer["data"]["result"],
            query='offhook_live_calls_by_state{state="CONNECTED"} == 1',
        )
        await all_parts.ask(_HANG_UP, id=placed["call"]["id"])
        await sink.wait_for(1)
        yield placed, sink.received[0].json


async def test_given_all_parts_by_their_own_commands_when_a_call_is_placed_then_it_rings_and_its_webhook_comes(
    all_parts: Composed, ended_call: tuple[Any, Any]
) -> None:
    placed, body = ended_call
    assert placed["waitOutcome"] == "REACHED"
    assert body["data"]["call"]["id"] == placed["call"]["id"]
    assert body["data"]["disposition"] == "ANSWERED"
    # What ran is what the image has, and not the checkout.
    assert (all_parts.offhook.directory / "app" / "__pycache__").is_dir()
    ready = await until_true(f"{all_parts.offhook_url}/readyz", lambda answer: answer["status"] == "ready")
    assert {"database", "asterisk"} <= ready["parts"].keys()
    # What an operator asks Compose for, who has no other way to see it.
    assert "modules will be loaded" in all_parts.asterisk.log.read_text(encoding="utf-8")
    # One that is alone tells nobody, but is there for others to tell.
    assert "nats_connected" in all_parts.offhook.log.read_text(encoding="utf-8")


#: What the call of this module has made grow, or is there at any time.
_MEASURED: Final = (
    "offhook_live_calls == 0",
    "offhook_calls_ended_total",
    "offhook_call_setup_seconds_count",
    "offhook_commit_changes_count",
    "offhook_event_lag_seconds_count",
    "offhook_webhook_deliveries_pending",
    "offhook_webhook_delivery_seconds_count",
    "offhook_campaign_pacing_error_seconds_count",
    "offhook_ari_request_seconds_count",
    'offhook_asterisk_sockets{state="connected"} >= 1',
)


async def test_given_a_call_that_has_ended_when_prometheus_has_looked_then_it_has_every_figure_and_nobodys_number(
    all_parts: Composed, ended_call: tuple[Any, Any]
) -> None:
    assert ended_call[1]["type"] == "call.ended"
    api = f"{all_parts.prometheus_url}/api/v1"
    for query in _MEASURED:
        await until_true(f"{api}/query", lambda answer: answer["data"]["result"], query=query)
    series = await until_true(f"{api}/series", lambda answer: answer["data"], **{"match[]": '{job="offhook"}'})
    values = {value for one in series["data"] for value in one.values()}
    assert not [value for value in values if re.search(r"\d{7}|_[0-9a-z]{20}", value)]


async def test_given_prometheus_with_what_is_mounted_when_it_looks_then_it_finds_the_service_and_weighs_the_alerts(
    all_parts: Composed,
) -> None:
    api = f"{all_parts.prometheus_url}/api/v1"
    await until_true(
        f"{api}/targets", lambda answer: [one["health"] for one in answer["data"]["activeTargets"]] == ["up"]
    )
    await until_true(f"{api}/query", lambda answer: answer["data"]["result"], query="offhook_part_ready")
    groups = yaml.safe_load((composed.ROOT / "docs/how-to/operations/alerts.yml").read_text(encoding="utf-8"))["groups"]

    def are_weighed(answer: Any) -> bool:
        rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
        return len(rules) == sum(len(one["rules"]) for one in groups) and all(one["health"] == "ok" for one in rules)

    await until_true(f"{api}/rules", are_weighed)


async def test_given_prometheus_that_has_looked_when_asked_what_the_dashboard_asks_then_it_answers_every_query(
    all_parts: Composed, ended_call: tuple[Any, Any]
) -> None:
    assert ended_call[1]["type"] == "call.ended"
    api = f"{all_parts.prometheus_url}/api/v1"
    await until_true(f"{api}/query", lambda answer: answer["data"]["result"], query="offhook_calls_ended_total")
    panels = json.loads((composed.ROOT / "docs/how-to/operations/grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in panels["panels"] for target in panel.get("targets", ())]
    assert len(asked) > 50
    async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
        for query in (one.replace("$__rate_interval", "1m").replace("$instance", ".*") for one in asked):
            # Over some time, as Grafana asks: a query that reads well may still find two series where it wants one.
            end = time.time()
            spent = {"start": end - 60, "end": end, "step": 5}
            answer = (await http.get(f"{api}/query_range", params={"query": query, **spent})).json()
            assert answer["status"] == "success", (query, answer)
