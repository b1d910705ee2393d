import ipaddress

import pytest

from app.egress.addresses import AddressPolicy, UrlRefusedError, is_public, parse_url

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104  # the unspecified address, as an attacker writes it
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111",
          "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_given_an_address_that_is_not_on_the_public_internet_when_judged_then_it_is_denied(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_public(address)
    assert not AddressPolicy().is_permitted(address)


@pytest.mark.parametrize("text", PUBLIC)
def test_given_a_public_address_when_judged_then_it_is_permitted_and_not_for_plain_http(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert AddressPolicy().is_permitted(address)
    assert not AddressPolicy().is_listed(address)


def test_given_a_listed_network_when_addresses_are_judged_then_those_in_it_are_permitted_and_no_others() -> None:
    policy = AddressPolicy((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd00::/64")))
    for text in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::5"):
        assert policy.is_listed(ipaddress.ip_address(text))
        assert policy.is_permitted(ipaddress.ip_address(text))
    for text in ("10.0.0.1", "::1", "fd00:0:0:1::5", "169.254.169.254"):
        assert not policy.is_permitted(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "//example.com/hook",
        "/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/plain,hi",
        "ws://example.com/",
        "unix:///run/docker.sock",
        "https:",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://:@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com#@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com/#",
        "https://127.0.0.1\\@example.com/",
        "https://exa mple.com/",
        " https://example.com/",
        "https://example.com/\r\nx: y",
        "https://example.com/\tx",
        "https://example.com/\x00",
        "https://exämple.com/",
        "https://１２７.0.0.1/",  # full-width digits
        "https://example。com/",
        "https://127%2e0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://127.0.0.0x1/",
        "https://127.0.0.1./",
        "https://localhost./",
        "https://.example.com/",
        "https://example..com/",
        "https://-example.com/",
        "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 130 + "com/",
        "https://example.com:0/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:993/",
        "https://example.com:2049/",
        "https://example.com:5060/",
        "https://example.com:5061/",
        "https://example.com:6667/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:https/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://[127.0.0.1]/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_given_a_hostile_or_broken_url_when_parsed_then_it_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(UrlRefusedError) as refusal:
        parse_url(url)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("https://example.com", "example.com", 443, "example.com", "/"),
        ("https://EXAMPLE.com/Hook?a=B&c", "example.com", 443, "example.com", "/Hook?a=B&c"),
        ("https://example.com:8443/a;b=c", "example.com", 8443, "example.com:8443", "/a;b=c"),
        ("https://example.com?x", "example.com", 443, "example.com", "/?x"),
        ("http://127.0.0.1:9000/x", "127.0.0.1", 9000, "127.0.0.1:9000", "/x"),
        ("https://[2606:4700::1111]:8443/", "2606:4700::1111", 8443, "[2606:4700::1111]:8443", "/"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/"),
        ("https://a_b.example.com/%20", "a_b.example.com", 443, "a_b.example.com", "/%20"),
        ("https://1e100.net/", "1e100.net", 443, "1e100.net", "/"),
    ],
)
def test_given_a_proper_url_when_parsed_then_its_parts_are_as_written(
    url: str, host: str, port: int, authority: str, target: str
) -> None:
    parsed = parse_url(url)
    assert (parsed.host, parsed.port, parsed.authority, parsed.request_target) == (host, port, authority, target)
