"""What the log says of requests through the dialects: one event, one line, and no password, signature or code."""

import io
import json
from collections.abc import Iterator
from typing import Final

import pytest

from app.dialects.php_query import build_query
from tests.api.conftest import Surface
from tests.dialects.conftest import Client
from tests.dialects.test_asteriskapi import CALL
from tests.dialects.test_originate_call import PATH, PLAIN, signed
from tests.rig.logs import all_logged

pytestmark = pytest.mark.postgres

_CODE: Final = "739184205511"


@pytest.fixture
def log(surface: Surface) -> Iterator[io.StringIO]:
    assert surface.token
    with all_logged() as stream:
        yield stream


async def test_given_secrets_in_addresses_headers_and_bodies_when_dialects_are_asked_then_no_line_has_one(
    originating: Client, asteriskapi: Client, cpaas: Client, log: io.StringIO
) -> None:
    params = signed(originating, PLAIN)
    wrong = {**params, "api_hash": "0" * 32, "api_password": "ofd_test_wrong_as_it_is"}
    shown = {"account": cpaas.name, "auth": cpaas.secret}
    call = {"extension": "2001", "destination": "15550100000"}
    passwords = [{"customer_number": one, "otp": _CODE} for one in ("15550104001", "911")]
    answers = [
        *[await originating.send("GET", f"{PATH}?{build_query(one)}") for one in (params, wrong)],
        *[await cpaas.send("POST", "/api/outbound_call", headers=shown, json=one) for one in passwords],
        *[
            await asteriskapi.send("POST", f"{CALL}?api-key={key}", headers={"api-key": key}, json=call)
            for key in (asteriskapi.secret, "ofd_test_wrong_as_it_is")
        ],
    ]
    statuses = [one.status_code for one in answers]
    assert statuses == [200, 401, 200, 400, 200, 401]
    written = log.getvalue()
    events = [json.loads(line)["event"] for line in written.removesuffix("\n").split("\n")]
    assert events.count("http_request") == len(statuses)
    secrets = (originating.secret, originating.signing_key, params["api_hash"], cpaas.secret, asteriskapi.secret)
    for secret in (*secrets, _CODE, "ofd_test_wrong_as_it_is"):
        assert secret
        assert secret not in written
