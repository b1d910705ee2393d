"""What a far end may write about who calls: users that are programs, identities that it asserts, and folded headers."""

import json
import re
from typing import Any, Final, cast

import pytest

from app.accounts.audit import AuditLog
from app.config import Settings
from app.local.asterisk import AsteriskInstance
from app.routing.inbound import RouteChanges
from app.routing.resources import RoutingResources
from app.routing.targets import ToExtension
from app.secrets.sealing import Sealer
from tests.rig.desk import Desk, Story
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.security.sip_peer import SipPeer, header
from tests.security.test_sip_side import PREMIUM, trunk_peer

pytestmark = pytest.mark.asterisk

__all__ = ["trunk_peer"]

CALLER: Final = "+4930123456"
#: Among them control characters as JSON writes them.
_PROGRAMS: Final = re.compile(r"\\u00|\\[nrtbf]|SHELL\(|<script|HYPERLINK|DROP")
_NUMBER: Final = re.compile(r"\+[0-9]{2,15}")
#: As they stand in a From: whatever is no plain number is nobody's number.
_USERS: Final = (
    b"1900%0d%0aX-Evil:1",
    b"+4930123456;phone-context=+1900",
    b"';DROP%20TABLE%20call;--",
    b"%3Cscript%3Ealert(1)%3C/script%3E",
    b"$%7BSHELL(id)%7D",
    b"2001&PJSIP/19005550199",
    b"=HYPERLINK(1)",
    b"%00%01%1b%5b31m",
    b"anonymous",
    b"9" * 400,
)
#: What RFC 3261, 25.1 allows in no user: a message with such a From is none, and Asterisk answers nothing to it.
_NO_USERS: Final = (b"${SHELL(id)}", b"\xff\xfe", b"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93")
_EVIL: Final = f"<sip:+{PREMIUM}@127.0.0.1>".encode()
#: What asserts another identity, plainly and folded over lines (RFC 3261, 7.3.1), and what pretends to begin a header.
_HEADERS: Final[dict[str, tuple[bytes, ...]]] = {
    "asserted": (b'P-Asserted-Identity: "Bank" ' + _EVIL,),
    "preferred": (b"P-Preferred-Identity: " + _EVIL,),
    "remote party": (b'Remote-Party-ID: "Bank" ' + _EVIL + b";party=calling;screen=yes",),
    "asserted, folded": (b'P-Asserted-Identity: "Bank"\r\n\t' + _EVIL,),
    "folded into a header": (b"Subject: hello\r\n P-Asserted-Identity: " + _EVIL,),
    "folded again and again": (b"Subject: " + b"\r\n x" * 200,),
    "diverted": (b"Diversion: " + _EVIL + b";reason=unconditional", b"History-Info: " + _EVIL + b";index=1"),
    "referred": (b"Referred-By: " + _EVIL, b"Replaces: 1@x;to-tag=1;from-tag=2"),
}


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


async def _route(offhook: RunningOffhook) -> None:
    database = offhook.service.database
    routing = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
    values: dict[str, Any] = {"pattern": "+15550119*", "target": ToExtension(number="2001")}
    await routing.routes.create(offhook.principal, cast("RouteChanges", values))


async def _answered(desk: Desk, peer: SipPeer, call_id: bytes, dialled: str) -> Story | None:
    """The story of a call that was let in, ended by us; None when it was refused."""
    final = await peer.final_of(call_id)
    if final != b"SIP/2.0 200 OK":
        assert final.split()[1][:1] in b"46", final
        return None
    arrived = await desk.wait_for_arrival(dialled)
    await desk.wait_for(arrived, "call.connected")
    await desk.hang_up(arrived)
    story = await desk.wait_for_end(arrived)
    await assert_is_whole(desk, story)
    return story


async def test_given_users_of_callers_that_are_programs_when_they_call_then_they_are_a_number_or_nobodys(
    offhook: RunningOffhook, desk: Desk, trunk_peer: SipPeer
) -> None:
    await _route(offhook)
    let_in = 0
    unheard = {trunk_peer.invite("+15550119900", caller=user) for user in _NO_USERS}
    for place, user in enumerate((CALLER.encode(), *_USERS)):
        dialled = f"+15550119{place:03d}"
        story = await _answered(desk, trunk_peer, trunk_peer.invite(dialled, caller=user), dialled)
        if story is None:
            assert place > 0, "an honest caller is let in"
            continue
        let_in += 1
        number = story.record["customer"].get("number")
        assert number is None or _NUMBER.fullmatch(number), (user, number)
        assert PREMIUM not in str(number), user
        for fact in story.facts:
            assert not _PROGRAMS.search(json.dumps(fact.body, ensure_ascii=False)), (user, fact.body)
    assert trunk_peer.invites() == set()
    assert [message for message in trunk_peer.received if header(message, "Call-ID") in unheard] == []
    async with offhook.service.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM call") == let_in


@pytest.mark.parametrize("name", _HEADERS)
async def test_given_another_identity_in_a_header_when_they_call_then_they_are_who_the_from_says(
    offhook: RunningOffhook, desk: Desk, trunk_peer: SipPeer, name: str
) -> None:
    await _route(offhook)
    dialled = "+15550119500"
    sent = trunk_peer.invite(dialled, caller=CALLER.encode(), headers=_HEADERS[name])
    story = await _answered(desk, trunk_peer, sent, dialled)
    if story is not None:
        assert story.record["customer"]["number"] == CALLER
        assert all(PREMIUM not in str(fact.body) for fact in story.facts)
    assert trunk_peer.invites() == set()
