"""A real Asterisk, a real voice, and a trunk whose far end logs each SIP message: what has something spoken to a number
dials none of the table's, and nothing when what is to be said, or how, is hostile. Its good neighbours are dialled.
"""

import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.rig.load import HANGS_UP
from tests.rig.service import make_settings
from tests.rig.sipp import SippServer
from tests.rig.spoken import write_espeak
from tests.security.caller import Caller
from tests.security.hostile import BEFORE_THE_FIELD, Field, rows
from tests.security.test_hostile_inputs import EVERY_PLACE
from tests.security.test_no_invite import some

pytestmark = pytest.mark.asterisk

#: Every field of what has a number told something, from the table itself.
_PLACES: Final = tuple(
    place
    for place in EVERY_PLACE
    if place.mutation == "announceOtp" or place.name.startswith("originateCall.connect.announcement")
)
#: Numbers whose phones are hung up a second after they were answered.
_GOOD: Final = tuple(f"+155501808{place}{HANGS_UP}" for place in range(3))
#: Words for the templates that places of the table ask for.
_TEMPLATES: Final = {"template": "It is {code}.", "otp template": "{word}: {code}"}
#: What begins a call in which something is spoken, and what it gives.
_SPEAKING: Final = {"announceOtp": "otp { id }", "originateCall": "call { id }"}


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """With the espeak-ng that was found for this machine, whatever is on the PATH."""
    return make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))


async def _make_templates(caller: Caller) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, text in _TEMPLATES.items():
        payload = await caller.do("createAnnouncementTemplate", "announcementTemplate { id }", name=name, text=text)
        made[name] = payload["announcementTemplate"]["id"]
    return made


def _spoken(mutation: str, number: str, trunk_id: str, **given: Any) -> dict[str, Any]:
    """What tells a number something."""
    order = {"trunkId": trunk_id, "idempotencyKey": str(uuid.uuid4()), **given}
    if mutation == "announceOtp":
        return {"number": number, **order}
    return {"destination": {"number": number}, "connect": {"announcement": {"text": "Hello."}}, **order}


async def test_given_every_hostile_sample_when_something_is_to_be_spoken_then_only_good_neighbours_see_an_invite(
    caller: Caller, sipp: SippServer
) -> None:
    world: Any = SimpleNamespace(made=await _make_templates(caller))
    trunk_id = caller.offhook.trunks["sipp"]

    for mutation in _SPEAKING:
        for row in some(rows(Field.NUMBER)):
            if row.kind != "ten megabytes":
                codes = await caller.refuse(mutation, **_spoken(mutation, row.sample, trunk_id))
                assert codes <= row.codes | BEFORE_THE_FIELD, (mutation, row, codes)
    for place in _PLACES:
        for row in some(rows(place.field)):
            if row.kind not in {"ten megabytes", *place.skipped}:
                codes = await caller.refuse(place.mutation, **place.given(world, row.sample), trunkId=trunk_id)
                assert codes <= row.codes | place.codes | BEFORE_THE_FIELD, (place.name, row, codes)
    assert len(caller.offhook.service.registry) == 0
    assert sipp.calls() == []

    filled = {"template": {"id": world.made["otp template"], "fields": [{"name": "word", "value": "Your code"}]}}
    announced = {"templateId": world.made["template"], "fields": [{"name": "code", "value": "four"}]}
    for mutation, given in (
        ("announceOtp", _spoken("announceOtp", _GOOD[0], trunk_id, announcement=filled)),
        ("announceOtp", _spoken("announceOtp", _GOOD[1], trunk_id, code="471905", voice={"rate": "SLOW"})),
        ("originateCall", _spoken("originateCall", _GOOD[2], trunk_id, connect={"announcement": announced})),
    ):
        await caller.do(mutation, _SPEAKING[mutation], **given)
    assert sorted(call.dialled for call in await sipp.wait_until_idle(len(_GOOD))) == sorted(_GOOD)
