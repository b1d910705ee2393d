"""A real call at a service that logs all it can: what a caller presses, answers and is told stands in no line of it."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from app.calls.core.verbs import SendDtmf
from app.config import Settings
from app.facts.vocabulary import Tone
from app.flows.steps import Flow, Gather, HangUp, PlaySpeech, PlayTone, Speak
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.routing.flows import FlowChanges
from tests.campaigns.live import speaking_settings
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.logs import all_logged
from tests.security.caller import Caller

pytestmark = pytest.mark.asterisk

_CUSTOMER: Final = "+15550118201"
_BUSY: Final = "+15550100001"
#: Letters are keys as well, and nothing else that is logged is one of them alone.
_LETTER: Final = re.compile(r"(?<![\w-])[A-D](?![\w-])")
_RATING: Final = "7A39B184C2D5"
_PRESSED: Final = "D60B95A1C73"
_SENT: Final = "C48A20D7B16"
_CODE: Final = "471905380262"
_OFFERED: Final = "471905380263"
_TEXT: Final = "You said {rating}."
_WAITING: Final = (PlayTone(tone=Tone.RING, seconds=30.0),)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with all_logged() as stream:
        yield stream


@pytest.fixture
def settings(
    log: io.StringIO, asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """With a voice, and the log is there before the service."""
    assert log.getvalue() == ""
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


def _survey() -> Flow:
    asked = Gather(
        name="survey",
        prompt=_WAITING,
        max_digits=len(_RATING),
        inter_digit_seconds=30.0,
        variable="rating",
        next="said",
        no_input="bye",
    )
    more = Gather(name="more", prompt=_WAITING, max_digits=20, inter_digit_seconds=30.0, next="bye", no_input="bye")
    said = Speak(name="said", speech=PlaySpeech(text=_TEXT), next="more")
    return Flow(start="survey", steps=(asked, said, more, HangUp(name="bye")))


async def test_given_a_service_that_logs_all_when_keys_are_pressed_and_codes_are_told_then_no_line_tells_any(
    caller: Caller, desk_of_caller: Desk, far_end: FarEnd, log: io.StringIO
) -> None:
    desk, offhook = desk_of_caller, caller.offhook
    flow = FlowChanges(name="survey", flow=_survey())
    made = await offhook.service.services.routing.flows.create(offhook.principal, flow)
    placed = await desk.place_call(_CUSTOMER, connect=None, connect_call_flow_id=made.id, trunk="farend")
    customer = await far_end.expect_call(_CUSTOMER)
    await customer.answer()
    await desk.wait_for(placed.id, "playback.started")
    await customer.press(_RATING)
    gathered = await desk.wait_for(placed.id, "flow.gathered")
    leg_id = (await desk.wait_for(placed.id, "leg.answered")).body["leg"]["id"]
    await desk.wait_until(placed.id, lambda facts: any(one.body.get("step") == "more" for one in facts), what="more")
    verb = SendDtmf(leg_id=leg_id, digits=_SENT, duration_milliseconds=100, between_milliseconds=100)
    async with customer.sending_silence():
        await desk.act(leg_id, verb)
        await customer.expect_digits(_SENT)
    await customer.press(_PRESSED)
    await desk.wait_until(placed.id, lambda facts: _digits_of(facts) == _RATING + _PRESSED, what="all that was pressed")
    await customer.hang_up()
    await desk.wait_for_end(placed.id)
    assert gathered.body["digits"] == _RATING

    told = await caller.do("announceOtp", "otp { id }", number=_BUSY, code=_CODE, idempotencyKey="code")
    for code in (_OFFERED, _CODE):
        await caller.do("verifyOtp", "verdict", id=told["otp"]["id"], code=code)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert sum(line.get("call_id") == placed.id for line in lines) > 3
    assert "debug" in {line["level"] for line in lines}
    alone = _LETTER.search(log.getvalue())
    assert alone is None, log.getvalue()[alone.start() - 200 : alone.end() + 200]
    for secret in (_RATING, _PRESSED, _SENT, _CODE, _OFFERED):
        # Not even in pieces, or with something between its keys.
        for piece in (secret[:6], secret[-6:]):
            found = re.search("[^0-9A-D]{0,3}".join(piece), log.getvalue())
            assert found is None, (piece, log.getvalue()[found.start() - 200 : found.end() + 200])


def _digits_of(facts: Any) -> str:
    return "".join(one.body["digit"] for one in facts if one.type == "dtmf.received")


@pytest.fixture
async def desk_of_caller(caller: Caller) -> Any:
    async with caller.offhook.desk_over_graphql() as desk:
        yield desk
