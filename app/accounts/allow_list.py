"""From which addresses a key may be used."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from app.errors import Problem

Network: TypeAlias = IPv4Network | IPv6Network

_MOST_NETWORKS: Final = 100


def is_address_in(remote_address: str | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; an IPv4 address written as IPv6 counts as IPv4."""
    try:
        address: IPv4Address | IPv6Address = ip_address(remote_address or "")
    except ValueError:
        return False  # a unix socket or no address at all: an allow-list is a promise about addresses
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def is_network_in(network: Network, bound: Network) -> bool:
    """Whether all of a network's addresses are another's."""
    if isinstance(network, IPv4Network):
        return isinstance(bound, IPv4Network) and network.subnet_of(bound)
    return isinstance(bound, IPv6Network) and network.subnet_of(bound)


def read_allow_list(
    texts: Sequence[str], *, field: tuple[str, ...] = ("ipAllowList",)
) -> tuple[list[Network], list[Problem]]:
    """The networks of a list as somebody wrote it, and what is wrong with it."""
    if len(texts) > _MOST_NETWORKS:
        return [], [Problem("INVALID_INPUT", f"At most {_MOST_NETWORKS} networks.", field)]
    networks: list[Network] = []
    problems = []
    for index, text in enumerate(texts):
        place = (*field, str(index))
        try:
            network = ip_network(text.strip())
        except ValueError:
            problems.append(
                Problem("INVALID_INPUT", "Use an address or a network such as 203.0.113.0/24 or 2001:db8::/48.", place)
            )
            continue
        if network.prefixlen == 0:
            problems.append(
                Problem("INVALID_INPUT", "A network of all addresses limits nothing: leave the list empty.", place)
            )
        networks.append(network)
    return networks, problems
