"""``offhook limits``, ``offhook account suspend`` and ``resume``."""

from pathlib import Path

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres


def test_given_an_account_when_it_is_granted_limits_then_they_are_shown(offhook: Command) -> None:
    offhook.run("account", "create", "acme", "--time-zone", "Europe/Berlin")
    granted = offhook.read(
        *("limits", "set", "acme", "--calls-per-second", "5", "--concurrent-calls", "20", "--daily-spend", "25.50"),
        *("--currency", "EUR"),
    )
    assert granted == offhook.read("limits", "show", "acme")
    assert granted["caps"] == {"callsPerSecond": 5, "concurrentCalls": 20, "dailySpendMicros": 25_500_000}
    assert (granted["granted"], granted["currency"]) == (granted["caps"], "EUR")
    said = offhook.run("limits", "show", "acme")
    assert said.status == 0
    assert "25.50 EUR" in said.out
    changed = offhook.read("limits", "set", "acme", "--calls-per-second", "none")
    assert changed["caps"] == {"callsPerSecond": None, "concurrentCalls": 20, "dailySpendMicros": 25_500_000}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--calls-per-second", "-1"),
        ("--calls-per-second", "x"),
        ("--calls-per-second", "1001"),
        ("--concurrent-calls", "9999999999"),
        ("--daily-spend", "1e3"),
        ("--daily-spend", "-1"),
        ("--currency", "euro"),
    ],
)
def test_given_a_limit_that_means_nothing_when_it_is_granted_then_it_is_refused(
    offhook: Command, arguments: tuple[str, ...]
) -> None:
    offhook.run("account", "create", "acme")
    assert offhook.run("limits", "set", "acme", *arguments).status != 0
    assert offhook.read("limits", "show", "acme")["caps"]["callsPerSecond"] is None


def test_given_a_file_of_prices_when_it_is_set_then_it_replaces_those_before(offhook: Command, tmp_path: Path) -> None:
    offhook.run("account", "create", "acme")
    file = tmp_path / "rates.csv"
    file.write_text(
        "prefix,price_per_minute,connection_fee,increment_seconds,label\n+1,0.012,,60,US\n+44,0.02,0.001,,\n"
    )
    assert [rate["prefix"] for rate in offhook.read("limits", "rates", "acme", str(file))] == ["+1", "+44"]
    said = offhook.run("limits", "rates", "acme")
    assert "0.012" in said.out
    file.write_text("prefix,price_per_minute\n+49,0.03\n")
    assert offhook.run("limits", "rates", "acme", str(file)).out == "1 prefixes have a price.\n"
    assert [rate["minuteMicros"] for rate in offhook.read("limits", "rates", "acme")] == [30_000]
    file.write_text("prefix,price_per_minute\n49,0.03\n")
    assert offhook.run("limits", "rates", "acme", str(file)).status != 0


def test_given_an_account_when_it_is_suspended_and_resumed_then_it_says_so(offhook: Command) -> None:
    offhook.run("account", "create", "acme")
    done = offhook.read("account", "suspend", "acme", "--reason", "fraud", "--end-calls")
    assert done == {"isNews": True, "endedCallIds": [], "failedCount": 0}
    shown = offhook.read("limits", "show", "acme")
    assert (shown["suspendedBy"], shown["suspensionReason"]) == ("OPERATOR", "fraud")
    assert offhook.run("account", "suspend", "acme").out == "acme was suspended already.\n"
    assert offhook.run("account", "resume", "acme", "--reason", "a mistake").out == "acme is resumed.\n"
    assert offhook.run("account", "resume", "acme").out == "acme was not suspended.\n"
    assert offhook.run("account", "suspend", "nobody").status != 0
