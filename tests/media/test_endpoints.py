"""The programs that an account allows, on a real database."""

from ipaddress import IPv4Network

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.db.engine import Database
from app.egress.signing import show_secret
from app.egress.streams import StreamGuard
from app.errors import RefusedError
from app.ids import Kind, kind_of
from app.media.endpoints import LONGEST_DESCRIPTION, MOST_ENDPOINTS, MediaEndpoints
from app.secrets.sealing import Sealer

pytestmark = pytest.mark.postgres

URL = "ws://127.0.0.1:9999/talk"


@pytest.fixture
def endpoints(database: Database) -> MediaEndpoints:
    guard = StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),))
    return MediaEndpoints(database, Sealer(bytes(32)), guard, AuditLog(database), SystemClock())


async def _principal(database: Database, name: str = "acme") -> Principal:
    account = await Accounts(database, AuditLog(database)).create(name)
    return Principal(account_id=account.id, account_name=name, default_region="US", key_id="key_1", scopes=frozenset())


def _codes(refused: pytest.ExceptionInfo[RefusedError]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.code, one.field) for one in refused.value.problems]


async def test_given_endpoints_when_a_stream_is_to_be_signed_then_all_that_allow_its_url_sign_and_no_other(
    database: Database, endpoints: MediaEndpoints
) -> None:
    by, other = await _principal(database), await _principal(database, "other")
    first = await endpoints.create(by, url=URL)
    second = await endpoints.create(by, url="ws://127.0.0.1:9999/")
    await endpoints.create(by, url="ws://127.0.0.1:9999/elsewhere")
    await endpoints.create(other, url=URL)
    assert kind_of(first.endpoint.id) is Kind.MEDIA_ENDPOINT
    keys = await endpoints.keys_for(by.account_id, URL + "?token=t")
    assert [show_secret(key) for key in keys] == [first.secret, second.secret]
    assert await endpoints.check(by.account_id, URL + "?token=t") == "127.0.0.1"
    await endpoints.delete(by, first.endpoint.id)
    assert [show_secret(key) for key in await endpoints.keys_for(by.account_id, URL)] == [second.secret]
    await endpoints.delete(by, second.endpoint.id)
    assert await endpoints.keys_for(by.account_id, URL) == ()
    with pytest.raises(RefusedError) as refused:
        await endpoints.check(by.account_id, URL)
    assert _codes(refused) == [("URL_NOT_ALLOWED", ("url",))]
    for who, endpoint_id in ((by, second.endpoint.id), (other, first.endpoint.id)):
        with pytest.raises(RefusedError) as refused:
            await endpoints.delete(who, endpoint_id)
        assert _codes(refused) == [("NOT_FOUND", ("id",))]


async def test_given_as_many_endpoints_as_there_may_be_or_a_bad_description_when_created_then_it_is_refused(
    database: Database, endpoints: MediaEndpoints
) -> None:
    by = await _principal(database)
    for description in ("x" * (LONGEST_DESCRIPTION + 1), "a\0b"):
        with pytest.raises(RefusedError) as refused:
            await endpoints.create(by, url=URL, description=description)
        assert _codes(refused) == [("INVALID_INPUT", ("description",))]
    made = [await endpoints.create(by, url=f"{URL}/{number}") for number in range(MOST_ENDPOINTS)]
    with pytest.raises(RefusedError) as refused:
        await endpoints.create(by, url=URL)
    assert _codes(refused) == [("INVALID_INPUT", ())]
    await endpoints.delete(by, made[0].endpoint.id)
    await endpoints.create(by, url=URL)
