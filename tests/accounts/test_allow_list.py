"""From which addresses a key may be used."""

from ipaddress import ip_network

import pytest

from app.accounts.allow_list import is_address_in


@pytest.mark.parametrize(
    ("address", "network", "is_in"),
    [
        ("10.0.0.1", "10.0.0.0/24", True),
        ("::ffff:10.0.0.1", "10.0.0.0/24", True),
        ("10.0.1.1", "10.0.0.0/24", False),
        ("2001:db8::1", "2001:db8::/32", True),
        ("2001:db8::1", "10.0.0.0/8", False),
        ("unix", "10.0.0.0/8", False),
        ("10.0.0.1, 192.0.2.1", "10.0.0.0/8", False),
        (None, "10.0.0.0/8", False),
    ],
)
def test_given_an_address_when_compared_with_a_network_then_mapped_ones_count_as_ipv4(
    address: str | None, network: str, is_in: bool
) -> None:
    assert is_address_in(address, [ip_network(network)]) is is_in
