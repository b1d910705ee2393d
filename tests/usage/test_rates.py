"""Prices: longest prefix, fees, minimums and steps; and what a file of them says."""

import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RefusedError
from app.usage.countries import country_of
from app.usage.rates import Rate, cost_of, find_rate, money_of, read_money, read_rates

MINUTE = 60_000


@pytest.mark.parametrize(
    ("rate", "milliseconds", "cost"),
    [
        (Rate(prefix="+1", minute_micros=60_000), 0, 0),
        (Rate(prefix="+1", minute_micros=60_000), 1, 1_000),  # a second that was begun
        (Rate(prefix="+1", minute_micros=60_000), MINUTE, 60_000),
        (Rate(prefix="+1", minute_micros=60_000, fee_micros=5_000), 1_000, 6_000),
        (Rate(prefix="+1", minute_micros=60_000, increment_seconds=60), 1, 60_000),
        (Rate(prefix="+1", minute_micros=60_000, increment_seconds=60), MINUTE + 1, 120_000),
        (Rate(prefix="+1", minute_micros=60_000, minimum_seconds=30, increment_seconds=6), 1_000, 30_000),
        (Rate(prefix="+1", minute_micros=60_000, minimum_seconds=30, increment_seconds=6), 30_001, 36_000),
        (Rate(prefix="+1", minute_micros=1), 1_000, 1),  # rounded up, never down to nothing
    ],
)
def test_given_a_rate_when_talk_is_priced_then_it_costs_so_much(rate: Rate, milliseconds: int, cost: int) -> None:
    assert cost_of(rate, milliseconds) == cost
    assert cost_of(rate, milliseconds, is_answered=False) == 0


@given(
    st.builds(
        Rate,
        prefix=st.just("+1"),
        minute_micros=st.integers(0, 10**9),
        fee_micros=st.integers(0, 10**9),
        minimum_seconds=st.integers(0, 3600),
        increment_seconds=st.integers(1, 3600),
    ),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
)
def test_given_any_rate_when_talk_is_longer_then_it_never_costs_less(rate: Rate, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert cost_of(rate, shorter) <= cost_of(rate, longer)


def test_given_prefixes_when_a_number_is_looked_up_then_the_longest_wins() -> None:
    rates = {prefix: Rate(prefix=prefix, minute_micros=place) for place, prefix in enumerate(("+", "+44", "+447"))}
    found = [find_rate(number, rates) for number in ("+447700900123", "+442079460000", "+12125550100")]
    assert [one and one.prefix for one in found] == ["+447", "+44", "+"]
    assert find_rate("+12125550100", {"+44": rates["+44"]}) is None


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "NaN", "Infinity", "1e9", "0.0000001", "1,5", "１", "1.", ".5", "9999999999", "1\n"]
)
def test_given_an_amount_that_is_none_when_it_is_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        read_money(text, ("price",))


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0.00"), (12_500_000, "12.50"), (12_345, "0.012345"), (1, "0.000001")]
)
def test_given_millionths_when_they_are_told_then_as_an_exact_amount(micros: int, text: str) -> None:
    assert f"{money_of(micros):f}" == text
    assert int(Decimal(text) * 1_000_000) == micros


def test_given_a_file_of_rates_when_it_is_read_then_each_line_is_one() -> None:
    text = ["prefix,price_per_minute,connection_fee,increment_seconds,label", "+1,0.012,,,", "+44,0.02,0.01,60,UK"]
    assert read_rates(csv.DictReader(text)) == [
        Rate(prefix="+1", minute_micros=12_000),
        Rate(prefix="+44", minute_micros=20_000, fee_micros=10_000, increment_seconds=60, label="UK"),
    ]


@pytest.mark.parametrize(
    "line",
    ["1,0.01", "+1x,0.01", "+1,", "+1,-1", "+1,0.01,x", "+1,0.01,0,x", "+1,0.01,0,0", "+1,0.01,0,9999", "+１,0.01"],
)
def test_given_a_line_that_is_wrong_when_rates_are_read_then_it_is_named(line: str) -> None:
    text = ["prefix,price_per_minute,connection_fee,increment_seconds", "+7,1", line]
    with pytest.raises(RefusedError) as refused:
        read_rates(csv.DictReader(text))
    assert refused.value.problems[0].field[:2] == ("line", "3")


def test_given_a_prefix_twice_when_rates_are_read_then_it_is_refused() -> None:
    with pytest.raises(RefusedError, match="twice"):
        read_rates(csv.DictReader(["prefix,price_per_minute", "+1,1", "+1,2"]))


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12125550100", "US"),
        ("+14165550100", "CA"),
        ("+442079460000", "GB"),
        ("+4930123456", "DE"),
        ("+870773111632", ""),  # of no country
        ("+15550100000", "US"),
        ("+99912345", ""),
    ],
)
def test_given_a_number_when_it_is_booked_then_under_its_country(number: str, country: str) -> None:
    assert [country_of(number), country_of(number)] == [country, country]
