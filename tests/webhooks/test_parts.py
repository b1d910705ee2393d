"""The pure parts: event types, sealing, signing."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.egress.signing import Signer, new_secret, show_secret
from app.errors import ConfigurationError, RefusedError
from app.secrets.sealing import Sealer
from app.webhooks.event_types import check_event_types, like_pattern, names_events

NOW = datetime.now(UTC)


@pytest.mark.parametrize("glob", ["*", "call.*", "call.connected", "leg.*", "*.ended", "webhook.test", "dtmf.received"])
def test_given_a_glob_over_known_events_when_checked_then_it_is_taken(glob: str) -> None:
    assert check_event_types([glob], field=("eventTypes",)) == (glob,)


@pytest.mark.parametrize(
    "glob",
    ["", "call", "call.", "calls.*", "call.exploded", "CALL.*", "call.%", "call_*", "c?ll.*", "x" * 65, "[a-z]*"],
)
def test_given_a_name_that_is_no_event_when_checked_then_it_is_refused_at_its_place(glob: str) -> None:
    assert not names_events(glob)
    with pytest.raises(RefusedError) as refusal:
        check_event_types(["call.*", glob], field=("eventTypes",))
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == ("INVALID_INPUT", ("eventTypes", "1"))


@pytest.mark.parametrize("globs", [[], [f"{'*' * n}" for n in range(1, 65)] * 2 + ["x"] * 1])
def test_given_no_event_types_or_unknown_ones_among_many_when_checked_then_they_are_refused(globs: list[str]) -> None:
    with pytest.raises(RefusedError):
        check_event_types(globs, field=("eventTypes",))


def test_given_the_same_glob_twice_when_checked_then_it_is_kept_once_in_order() -> None:
    assert check_event_types(["leg.*", "call.*", "leg.*"], field=()) == ("leg.*", "call.*")


def test_given_a_glob_when_made_a_like_pattern_then_likes_own_wildcards_are_escaped() -> None:
    assert like_pattern("agent.state_*") == r"agent.state\_%"
    assert like_pattern("*") == "%"


def test_given_a_sealed_secret_when_opened_for_its_owner_then_it_is_the_same_and_sealed_differently_each_time() -> None:
    sealer = Sealer(b"k" * 32)
    one, other = (sealer.seal(b"secret", owner_id="whe_1") for _ in range(2))
    assert one != other
    assert b"secret" not in one
    assert sealer.open(one, owner_id="whe_1") == sealer.open(other, owner_id="whe_1") == b"secret"


@pytest.mark.parametrize("damage", [lambda s: s[:-1], lambda s: s[:5], lambda _: b"", lambda s: b"\x02" + s[1:],
                                    lambda s: s[:-1] + bytes([s[-1] ^ 1])])  # fmt: skip
def test_given_a_sealed_secret_when_damaged_then_it_is_not_opened(damage: object) -> None:
    sealer = Sealer(b"k" * 32)
    assert callable(damage)
    with pytest.raises(ConfigurationError):
        sealer.open(damage(sealer.seal(b"secret", owner_id="whe_1")), owner_id="whe_1")


def test_given_a_sealed_secret_when_opened_for_another_row_or_with_another_key_then_it_is_not_opened() -> None:
    sealed = Sealer(b"k" * 32).seal(b"secret", owner_id="whe_1")
    with pytest.raises(ConfigurationError):
        Sealer(b"k" * 32).open(sealed, owner_id="whe_2")
    with pytest.raises(ConfigurationError):
        Sealer(b"x" * 32).open(sealed, owner_id="whe_1")


def test_given_a_signed_body_when_verified_with_the_shown_secret_then_it_holds_and_a_changed_one_does_not() -> None:
    key = new_secret()
    secret = show_secret(key)
    body = '{"display":"Zoë ☎"}'.encode()
    now = datetime.now(UTC)  # the library takes nothing that was signed minutes ago
    headers = dict(Signer([key]).headers(webhook_id="evt_1", at=now, body=body))
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert Webhook(secret).verify(body, headers) == {"display": "Zoë ☎"}
    for changed in (
        {**headers, "webhook-id": "evt_2"},
        {**headers, "webhook-timestamp": str(int(now.timestamp()) - 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_given_a_signature_when_older_than_five_minutes_then_the_public_library_refuses_it() -> None:
    key = new_secret()
    headers = dict(Signer([key]).headers(webhook_id="evt_1", at=NOW - timedelta(minutes=6), body=b"{}"))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(show_secret(key)).verify(b"{}", headers)
