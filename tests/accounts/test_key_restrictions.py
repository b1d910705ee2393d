"""A key with restrictions and the scope ``keys``: neither itself nor what it makes or changes has fewer of them."""

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.keys import ApiKeys
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Account
from app.errors import RefusedError
from tests.accounts.stepped_clock import SteppedClock

pytestmark = pytest.mark.postgres

SCOPES = (Scope.KEYS, Scope.CALLS_READ)
ONE, TWO, OTHER = "1" * 64, "2" * 64, "3" * 64
NETWORKS = ("10.0.0.0/24", "2001:db8::/48")


class Office:
    """A key that has all restrictions, and what it asks for."""

    def __init__(self, keys: ApiKeys, account: Account, clock: SteppedClock, holder: Principal) -> None:
        self.keys = keys
        self.account = account
        self.clock = clock
        self.holder = holder

    def like_itself(self, **changes: Any) -> dict[str, Any]:
        return {
            "ip_allow_list": NETWORKS,
            "document_hashes": (ONE, TWO),
            "expires_at": self.holder.expires_at,
            **changes,
        }

    async def fields_of_refusal(self, asked: Any) -> set[str]:
        with pytest.raises(RefusedError) as caught:
            await asked
        assert {problem.code for problem in caught.value.problems} == {"INVALID_INPUT"}
        return {problem.field[0] for problem in caught.value.problems}


@pytest.fixture
async def office(keys: ApiKeys, account: Account, clock: SteppedClock) -> Office:
    issued = await keys.create(
        account.id,
        name="narrow",
        scopes=SCOPES,
        ip_allow_list=NETWORKS,
        document_hashes=(ONE, TWO),
        expires_at=clock.now() + timedelta(hours=1),
    )
    return Office(keys, account, clock, await keys.authenticate(issued.token, "10.0.0.7"))


MORE: list[tuple[str, Any, str]] = [
    ("ip_allow_list", (), "ipAllowList"),
    ("ip_allow_list", ("10.0.0.0/23",), "ipAllowList"),
    ("ip_allow_list", ("10.0.0.9", "192.0.2.1"), "ipAllowList"),
    ("ip_allow_list", ("2001:db8::/32",), "ipAllowList"),
    ("ip_allow_list", ("::ffff:10.0.0.9",), "ipAllowList"),
    ("document_hashes", (), "documentHashes"),
    ("document_hashes", (ONE, OTHER), "documentHashes"),
    ("expires_at", None, "expiresAt"),
    ("expires_at", timedelta(hours=2), "expiresAt"),
]


@pytest.mark.parametrize(("what", "more", "field"), MORE)
async def test_given_a_key_with_restrictions_when_it_makes_a_key_with_fewer_then_it_is_refused(
    office: Office, what: str, more: Any, field: str
) -> None:
    wanted = office.clock.now() + more if isinstance(more, timedelta) else more
    given = office.like_itself(**{what: wanted})
    made = office.keys.create(office.account.id, name="more", scopes=SCOPES, by=office.holder, **given)
    assert await office.fields_of_refusal(made) == {field}


@pytest.mark.parametrize(("what", "more", "field"), MORE)
async def test_given_a_key_with_restrictions_when_it_changes_itself_to_have_fewer_then_it_is_refused_and_they_stay(
    office: Office, what: str, more: Any, field: str
) -> None:
    wanted: dict[str, Any] = {what: office.clock.now() + more if isinstance(more, timedelta) else more}
    changed = office.keys.update(office.account.id, office.holder.key_id, by=office.holder, **wanted)
    assert await office.fields_of_refusal(changed) == {field}
    now = await office.keys.get(office.account.id, office.holder.key_id)
    assert now is not None
    assert (now.ip_allow_list, now.document_hashes, now.expires_at) == (NETWORKS, (ONE, TWO), office.holder.expires_at)


async def test_given_a_key_with_restrictions_when_it_stays_within_them_then_it_makes_changes_and_rotates(
    office: Office,
) -> None:
    sooner = office.clock.now() + timedelta(minutes=1)
    given = office.like_itself(ip_allow_list=("10.0.0.0/25", "2001:db8::7"), document_hashes=(TWO,), expires_at=sooner)
    made = await office.keys.create(office.account.id, name="less", scopes=SCOPES, by=office.holder, **given)
    await office.keys.update(office.account.id, made.key.id, ip_allow_list=NETWORKS, by=office.holder)
    await office.keys.update(office.account.id, office.holder.key_id, name="renamed", by=office.holder)
    issued = await office.keys.rotate(office.account.id, office.holder.key_id, by=office.holder)
    assert (issued.key.ip_allow_list, issued.key.document_hashes, issued.key.expires_at) == (
        NETWORKS, (ONE, TWO), office.holder.expires_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    "lacking",
    [{"ip_allow_list": ()}, {"document_hashes": ()}, {"expires_at": None}],
    ids=["addresses", "documents", "expiry"],
)
async def test_given_a_key_that_lacks_a_restriction_when_one_that_has_it_changes_or_rotates_it_then_it_is_refused(
    office: Office, lacking: dict[str, Any]
) -> None:
    # A successor is as free as its predecessor: whoever may rotate a freer key is that free.
    free = await office.keys.create(office.account.id, name="free", scopes=SCOPES, **office.like_itself(**lacking))
    rotated = office.keys.rotate(office.account.id, free.key.id, by=office.holder)
    assert await office.fields_of_refusal(rotated) == {"id"}
    renamed = office.keys.update(office.account.id, free.key.id, name="mine", by=office.holder)
    assert await office.fields_of_refusal(renamed) == {"id"}
    assert (await office.keys.revoke(office.account.id, free.key.id, by=office.holder)).revoked_at is not None


async def test_given_a_key_without_restrictions_when_it_makes_keys_then_they_may_have_any(
    office: Office, keys: ApiKeys
) -> None:
    issued = await keys.create(office.account.id, name="free", scopes=SCOPES)
    holder = await keys.authenticate(issued.token, None)
    made = await keys.create(office.account.id, name="any", scopes=SCOPES, by=holder)
    assert (made.key.expires_at, made.key.ip_allow_list) == (None, ())
    changed = await keys.update(office.account.id, office.holder.key_id, ip_allow_list=(), by=holder)
    assert changed.ip_allow_list == ()
