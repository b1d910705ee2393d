"""Everything at once: two random faults every 5 to 30 seconds at 5 calls a second, then every invariant.

``make faults NEMESIS=600 SEED=7`` runs it for ten minutes from that seed; in the suite it is short.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from app.facts.vocabulary import RecordingMode
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from tests.rig.autopsy import examine
from tests.rig.callers import Callers
from tests.rig.checker import assert_all_hold, dialled_by_sipp, evidence_of
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.fixtures import SIPP_TRUNK
from tests.rig.graphql_line import GraphQLLine
from tests.rig.load import make_plans
from tests.rig.nemesis import Nemesis, Targets
from tests.rig.own_postgres import own_postgres
from tests.rig.service import make_settings, running_offhook
from tests.rig.service_keeper import kept_service
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.witness import watching
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.asterisk

CALLS_PER_SECOND = 5
SECONDS = 45.0
SEED = 4
RECOVERY_SECONDS = 10.0
SETTLE_SECONDS = 60.0
HOOK = "/hook"
#: Numbers are dialled once in a run, and there are not enough of them for longer.
LONGEST_ROUND_SECONDS = 600.0


class Node:
    """An Asterisk that may be killed, and whose successor answers at the same address."""

    def __init__(self, config: AsteriskConfig, install: AsteriskInstall) -> None:
        self._config = config
        self._install = install
        self._stack = AsyncExitStack()
        self.wire: FaultProxy
        self.asterisk: AsteriskInstance

    async def start(self) -> None:
        self.asterisk = await self._stack.enter_async_context(running_asterisk(self._config, install=self._install))

    async def restart(self) -> None:
        self.asterisk.process.kill()
        await self.asterisk.process.wait()
        await self.start()
        port = self.asterisk.ports.http
        self.wire.open_target = lambda: asyncio.open_connection("127.0.0.1", port)
        self.wire.cut()  # whoever still speaks to the old one
        self.wire.mend()

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def _node(install: AsteriskInstall, ports: SippPorts) -> AsyncIterator[Node]:
    node = Node(AsteriskConfig(peers=(SipPeer(name=SIPP_TRUNK, port=ports.sip),), rtp_port_count=600), install)
    try:
        await node.start()
        async with proxy_to_asterisk(node.asterisk.ari_url) as wire:
            node.wire = wire
            yield node
    finally:
        await node.close()


async def test_given_calls_at_a_steady_rate_when_a_nemesis_rages_then_every_invariant_holds(
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
    webhook_sink: Sink,
    pytestconfig: pytest.Config,
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = pytestconfig.option
    # The suite is the same every time; whoever asks for a longer run looks for what is not known yet.
    seed, left = (SEED, SECONDS) if options.nemesis is None else (random.randrange(2**32), options.nemesis)
    seed = seed if options.seed is None else options.seed
    round_number = 0
    while left > 0:
        seconds = min(left, LONGEST_ROUND_SECONDS)
        with capfd.disabled():
            print(f"\nnemesis: SEED={seed + round_number} for {seconds:g} s", flush=True)  # noqa: T201  # to repeat it
        directory = tmp_path / str(round_number)
        directory.mkdir()
        told = await _round(
            asterisk_install,
            sipp_ports,
            directory,
            webhook_sink,
            seed=seed + round_number,
            seconds=seconds,
            kills_asterisk=options.nemesis_asterisk,
        )
        with capfd.disabled():
            print(told, flush=True)  # noqa: T201
        left -= seconds
        round_number += 1


async def _round(
    install: AsteriskInstall,
    ports: SippPorts,
    directory: Path,
    sink: Sink,
    *,
    seed: int,
    seconds: float,
    kills_asterisk: bool,
) -> str:
    rng = random.Random(seed)
    plans = make_plans(int(CALLS_PER_SECOND * seconds), random.Random(rng.random()))
    async with (
        own_postgres() as postgres,
        _node(install, ports) as node,
        sipp_called_party(install, ports, directory) as sipp,
    ):
        settings = make_settings(
            node.asterisk,
            postgres.dsn,
            directory / "data",
            ari_url=node.wire.address,
            ari_timeout_seconds=2.0,
            database_timeout_seconds=3.0,
            webhook_timeout_seconds=2.0,
            webhook_schedule_seconds=(0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0),
        )
        async with running_offhook(settings) as first:
            token, trunk_id = first.token, first.trunks["sipp"]
            endpoint = await first.service.services.webhooks.create(
                first.principal.account_id, url=sink.url(HOOK), event_types=["call.*"]
            )
        async with (
            kept_service(settings, directory / "serve.log") as service,
            GraphQLLine.to(service.url, token) as line,
        ):
            await service.wait_until_ready(seconds=30.0)
            targets = Targets(
                service=service,
                wire=node.wire,
                postgres=postgres,
                sink=sink,
                sink_path=HOOK,
                restart_asterisk=node.restart if kills_asterisk else None,
            )
            nemesis = Nemesis(targets, rng)
            callers = Callers(lambda: line, trunk_id, recording_mode=RecordingMode.OFF)
            async with asyncio.TaskGroup() as group:
                group.create_task(callers.place(plans, calls_per_second=CALLS_PER_SECOND))
                await nemesis.rage(seconds)
                await service.wait_until_ready(seconds=RECOVERY_SECONDS)
            journal = "\n".join(nemesis.journal)
            try:
                assert callers.given_up == [], "some callers were never answered"
                async with watching(
                    node.asterisk.ari_url, node.asterisk.ari_username, node.asterisk.ari_password
                ) as witness:
                    evidence = evidence_of(
                        settings,
                        witness,
                        dialled=lambda: dialled_by_sipp(sipp),
                        acknowledged=list(callers.acknowledged.values()),
                        sink=sink,
                        webhook_secrets={HOOK: endpoint.secret},
                        has_asterisk_died=kills_asterisk,
                    )
                    await assert_all_hold(evidence, seconds=SETTLE_SECONDS)
            except AssertionError as error:
                error.add_note(f"SEED={seed}\n{journal}\nretries: {dict(callers.retries)}; exits: {service.exits}")
                error.add_note(service.last_words(40))
                error.add_note(await examine(postgres.dsn, sipp, str(error)))
                raise
            return (
                f"{journal}\n{len(callers.acknowledged)} calls, {len(sipp.calls())} INVITEs, "
                f"{service.starts} starts, exits by itself {service.exits}, {len(sink.received)} webhooks, "
                f"asked again {dict(callers.retries)}"
            )
