"""Whole lives of calls, as their actors would hand them to the store."""

import random
from datetime import timedelta

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.keeping.keys import KeyClaim
from app.calls.keeping.store import Change, make_drafts
from app.facts.event import SYSTEM
from tests.calls.standing_in import claim_for

_USES_A_KEY = 0.3


def _any_inputs(call: Call, rng: random.Random) -> list[Input]:
    first, second = (leg.id for leg in call.legs)
    recording = [one.id for one in call.recordings]
    events: list[Input] = [
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/é-0001"),
        inputs.LegRinging(leg_id=first),
        inputs.LegAnswered(leg_id=first),
        inputs.LegCreated(leg_id=second, channel_name="PJSIP/b"),
        inputs.LegAnswered(leg_id=second),
        inputs.DtmfReceived(leg_id=first, digit="#", duration_milliseconds=80),
        inputs.UpdateRequested(actor=SYSTEM, tags=("a", 'quote "\\', "é"), external_id="x\ny"),
        *(inputs.RecordingLost(recording_id=one, reason="gone") for one in recording),
        inputs.LegDestroyed(leg_id=rng.choice([first, second]), cause=16, sip_code=rng.choice([None, 486])),
        inputs.HangupRequested(actor=SYSTEM),
        inputs.LegDestroyed(leg_id=first, cause=17),
        inputs.LegDestroyed(leg_id=second, cause=16),
    ]
    return [inputs.Start(), *(event for event in events if rng.random() < 0.9)]


def _use(call: Call, number: int) -> KeyClaim:
    return KeyClaim(call.account_id, "transferCall", f"{call.id}-{number}", b"\x00h", call.id)


def changes_of_life(call: Call, rng: random.Random) -> list[Change]:
    """The life of a call as its actor would hand it in, with whatever some lost inputs make of it."""
    changes: list[Change] = []
    now = call.created_at
    for event in _any_inputs(call, rng):
        now += timedelta(seconds=rng.random() * 20)
        result = step(call, event, now)
        if result.call is call:
            continue
        changes.append(
            Change(
                call=result.call,
                drafts=make_drafts(result.call, result.happenings),
                legs=tuple(leg for leg in result.call.legs if leg not in call.legs or not changes),
                recordings=tuple(one for one in result.call.recordings if one not in call.recordings and one.parts),
                claim=None if changes else claim_for(call, call.id),
                uses=(_use(call, len(changes)),) if changes and rng.random() < _USES_A_KEY else (),
            )
        )
        call = result.call
    return changes
