"""What tests of faults do around the fault: two parties who talk, a call that shows all is well, and the evidence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from app.config import Settings
from app.errors import UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.local.asterisk import AsteriskInstance
from tests.rig.checker import assert_all_hold, dialled_at_far_end, evidence_of
from tests.rig.desk import Desk, PlacedCall, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

#: From a fault's end until everything is in order again.
RECOVERY_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 0.1


async def talk(
    desk: Desk, far_end: FarEnd, agent: str, customer: str, *, record: RecordingMode = RecordingMode.OFF, **fields: Any
) -> tuple[PlacedCall, FarEndCall, FarEndCall]:
    """A call of two numbers at the far end, both of whom have answered: placed, the agent's end, the customer's."""
    placed = await desk.place_call(customer, connect_number=agent, trunk="farend", record=record, **fields)
    parties = await answer_both(far_end, agent, customer)
    await desk.wait_for(placed.id, "call.connected" if record is RecordingMode.OFF else "recording.started")
    return placed, *parties


async def answer_both(far_end: FarEnd, agent: str, customer: str) -> tuple[FarEndCall, FarEndCall]:
    """First the one, then the other, as they are dialled."""
    called = await far_end.expect_call(agent)
    await called.answer()
    other = await far_end.expect_call(customer)
    await other.answer()
    return called, other


async def call_busy(desk: Desk, far_end: FarEnd, number: str, *, seconds: float = 0.0) -> None:
    """The service is in order: it places a call, and tells what became of it.

    What it refuses for now it has to take within some ``seconds``, with the same key.
    """
    until = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            placed = await desk.place_call(number, trunk="farend", first=LegRole.CUSTOMER, key=f"busy {number}")
        except UnavailableError:
            if asyncio.get_running_loop().time() >= until:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            break
    await (await far_end.expect_call(number)).reject(486)
    assert (await desk.wait_for_end(placed.id)).disposition == "BUSY"


async def assert_ended_by_customer(desk: Desk, call_id: str, *, seconds: float = RECOVERY_SECONDS) -> Story:
    """Both had talked when the customer hung up, and that is what is told."""
    story = await desk.wait_for_end(call_id, seconds=seconds)
    await assert_is_whole(desk, story)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    return story


async def assert_all_hold_at_far_end(
    settings: Settings, witness: Witness, far_end: FarEnd, since: int, *acknowledged: str
) -> None:
    """Every invariant, with what the far end heard from its event ``since`` on as the truth about what was dialled."""
    evidence = evidence_of(
        settings, witness, dialled=lambda: dialled_at_far_end(far_end, since=since), acknowledged=acknowledged
    )
    await assert_all_hold(evidence, seconds=RECOVERY_SECONDS)


@contextlib.asynccontextmanager
async def behind_a_wire(
    asterisk: AsteriskInstance, dsn: str, directory: Path, *, is_serving: bool = False, **changes: object
) -> AsyncIterator[tuple[RunningOffhook, Desk, FaultProxy]]:
    """A service whose connection to Asterisk can be cut; ``is_serving``: over HTTP too; ``changes`` are settings."""
    async with proxy_to_asterisk(asterisk.ari_url) as wire:
        settings = make_settings(asterisk, dsn, directory, ari_url=wire.address, ari_timeout_seconds=2.0, **changes)
        async with running_offhook(settings, is_serving=is_serving) as offhook, offhook.desk() as desk:
            yield offhook, desk, wire
