"""Call control as a CRM does it: mutations over HTTP, and what the call says of itself afterwards."""

import uuid
from typing import Any

import pytest

from app.calls.core.media import tone_media
from app.calls.core.verbs import (
    CancelTransfer,
    Hold,
    Mute,
    Play,
    SendDtmf,
    StartTransfer,
    StopPlayback,
    Target,
    Unhold,
    Unmute,
)
from app.errors import RefusedError
from app.facts.vocabulary import Tone, TransferKind
from app.ids import Kind, LegId, PlaybackId, new_id
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER, TARGET_NUMBER = "+15550117001", "+15550117002", "+15550117003"

_CALL = """
query ($id: ID!) {
  call(id: $id) {
    state
    legs { id role isOnHold isMuted muted }
    transfer { id kind state target { number } by { role } transferee { role } }
  }
}
"""


async def _look(desk: Desk, call_id: str) -> dict[str, Any]:
    assert isinstance(desk.line, GraphQLLine)
    found: dict[str, Any] = (await desk.line.ask(_CALL, id=call_id))["call"]
    return found


async def test_given_a_talk_when_everything_is_asked_over_graphql_then_the_call_says_so_and_events_tell_it(
    graphql_desk: Desk, far_end: FarEnd
) -> None:
    desk = graphql_desk
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    legs = {leg["role"]: leg for leg in (await _look(desk, placed.id))["legs"]}
    agent_leg = LegId(legs["AGENT"]["id"])

    await desk.act(placed.id, Hold())
    held = {leg["role"]: leg["isOnHold"] for leg in (await _look(desk, placed.id))["legs"]}
    assert held == {"AGENT": False, "CUSTOMER": True}
    await desk.act(placed.id, Unhold())

    await desk.act(agent_leg, Mute(leg_id=agent_leg))
    muted = {leg["role"]: (leg["isMuted"], leg["muted"]) for leg in (await _look(desk, placed.id))["legs"]}
    assert muted == {"AGENT": (True, "IN"), "CUSTOMER": (False, None)}
    await desk.act(agent_leg, Unmute(leg_id=agent_leg))

    media = (tone_media(Tone.DIAL),)
    await desk.act(placed.id, Play(playback_id=PlaybackId(new_id(Kind.PLAYBACK)), media=media, leg_id=agent_leg))
    await desk.wait_for(placed.id, "playback.started")
    await desk.act(placed.id, StopPlayback())
    await desk.wait_for(placed.id, "playback.finished")

    await desk.act(
        agent_leg, SendDtmf(leg_id=agent_leg, digits="42#", duration_milliseconds=100, between_milliseconds=100)
    )
    await agent.expect_digits("42#")

    transfer = StartTransfer(
        idempotency_key=str(uuid.uuid4()), kind=TransferKind.ATTENDED, target=Target(number=TARGET_NUMBER)
    )
    await desk.act(placed.id, transfer)
    target = await far_end.expect_call(TARGET_NUMBER)
    under_way = (await _look(desk, placed.id))["transfer"]
    assert (under_way["kind"], under_way["state"], under_way["target"]["number"]) == (
        "ATTENDED",
        "DIALING",
        TARGET_NUMBER,
    )
    assert (under_way["by"]["role"], under_way["transferee"]["role"]) == ("AGENT", "CUSTOMER")
    with pytest.raises(RefusedError) as refused:
        await desk.act(placed.id, Unhold())
    assert [(one.code, one.current_state) for one in refused.value.problems] == [("INVALID_STATE", "TRANSFER_DIALING")]
    await desk.act(placed.id, CancelTransfer())
    await target.wait_until_ended()
    assert (await _look(desk, placed.id))["transfer"] is None

    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)
    told = [name for name in story.types if name.split(".")[0] in {"playback", "transfer"}]
    assert told == ["playback.started", "playback.finished", "transfer.started", "transfer.cancelled"]
    assert [name for name in story.types if name.endswith(("held", "muted"))] == [
        "leg.held",
        "leg.unheld",
        "leg.muted",
        "leg.unmuted",
        "leg.held",
        "leg.unheld",
    ]
    await assert_is_whole(desk, story)


async def test_given_no_such_leg_or_call_when_something_is_asked_then_it_is_not_found(graphql_desk: Desk) -> None:
    leg_id = LegId(new_id(Kind.LEG))
    for subject_id, verb in ((leg_id, Mute(leg_id=leg_id)), (new_id(Kind.CALL), Hold()), ("nonsense", Hold())):
        with pytest.raises(RefusedError) as refused:
            await graphql_desk.act(subject_id, verb)
        assert [one.code for one in refused.value.problems] == ["NOT_FOUND"]


async def test_given_keys_that_are_none_when_sent_then_the_field_is_named_and_nothing_is_pressed(
    graphql_desk: Desk,
) -> None:
    leg_id = LegId(new_id(Kind.LEG))
    verb = SendDtmf(leg_id=leg_id, digits="12x", duration_milliseconds=1, between_milliseconds=100)
    with pytest.raises(RefusedError) as refused:
        await graphql_desk.act(leg_id, verb)
    assert [one.field for one in refused.value.problems] == [("digits",), ("durationMilliseconds",)]
