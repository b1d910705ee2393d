"""What a device and a trunk are in PJSIP: as a table, and for whatever a row may hold."""

import dataclasses
import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.provisioning.objects import (
    DeviceLine,
    ObjectType,
    PjsipObject,
    TrunkLine,
    UnsafeLineError,
    device_objects,
    is_as_wanted,
    is_ours,
    possible_objects,
    trunk_objects,
)
from app.routing import checks
from app.routing.devices import digest_of
from app.routing.words import Codec, Transport

DEVICE = DeviceLine(
    endpoint="ofh-acme-17",
    digest=digest_of("ofh-acme-17", "s3cret"),
    transport=Transport.TCP,
    codecs=(Codec.G722, Codec.ULAW),
)
TRUNK = TrunkLine(
    endpoint="ofh-acme-trunk-main",
    host="sip.example.com",
    port=5070,
    transport=Transport.UDP,
    username="us",
    secret="pa;ss,w[or]d",
    registers=True,
    match_addresses=("192.0.2.0/24", "198.51.100.7", "203.0.113.9:5062"),
    codecs=(Codec.ULAW, Codec.ALAW),
    qualify_seconds=30,
)


def fields(objects: tuple[PjsipObject, ...], object_type: ObjectType) -> list[dict[str, str]]:
    return [dict(one.fields) for one in objects if one.type is object_type]


def test_given_a_device_when_rendered_then_it_must_prove_who_it_is_and_is_reached_where_it_registers() -> None:
    objects = device_objects(DEVICE)
    assert [(one.type, one.id) for one in objects] == [
        (ObjectType.ENDPOINT, "ofh-acme-17"), (ObjectType.AOR, "ofh-acme-17"), (ObjectType.AUTH, "ofh-acme-17"),
    ]  # fmt: skip
    (endpoint,) = fields(objects, ObjectType.ENDPOINT)
    assert endpoint["context"] == "offhook-phones"
    assert endpoint["auth"] == endpoint["aors"] == "ofh-acme-17"
    assert (endpoint["transport"], endpoint["allow"], endpoint["identify_by"]) == (
        "offhook-tcp", "g722,ulaw", "username",
    )  # fmt: skip
    (auth,) = fields(objects, ObjectType.AUTH)
    assert auth == {
        "auth_type": "digest", "username": "ofh-acme-17", "realm": "offhook",
        "password_digest": f"MD5:{digest_of('ofh-acme-17', 's3cret')}",
    }  # fmt: skip


def test_given_a_trunk_when_rendered_then_each_address_is_an_object_and_nobody_is_told_by_his_own_word() -> None:
    objects = trunk_objects(TRUNK)
    (endpoint,) = fields(objects, ObjectType.ENDPOINT)
    assert (endpoint["identify_by"], endpoint["context"], endpoint["outbound_auth"]) == (
        "ip", "offhook-trunks", "ofh-acme-trunk-main",
    )  # fmt: skip
    assert "auth" not in endpoint
    (aor,) = fields(objects, ObjectType.AOR)
    assert (aor["contact"], aor["qualify_frequency"]) == ("sip:sip.example.com:5070", "30")
    assert [one["match"] for one in fields(objects, ObjectType.IDENTIFY)] == [
        "192.0.2.0/24", "198.51.100.7/32", "203.0.113.9:5062/32",
    ]  # fmt: skip
    (registration,) = fields(objects, ObjectType.REGISTRATION)
    assert (registration["server_uri"], registration["client_uri"]) == (
        "sip:sip.example.com:5070", "sip:us@sip.example.com:5070",
    )  # fmt: skip
    (auth,) = fields(objects, ObjectType.AUTH)
    assert auth == {"auth_type": "digest", "username": "us", "password": "pa;ss,w[or]d"}


def test_given_a_trunk_without_credentials_when_rendered_then_it_authenticates_and_registers_nowhere() -> None:
    plain = dataclasses.replace(
        TRUNK, username=None, secret=None, registers=False, port=None, transport=Transport.TCP, match_addresses=()
    )
    objects = trunk_objects(plain)
    assert [one.type for one in objects] == [ObjectType.ENDPOINT, ObjectType.AOR]
    assert dict(objects[0].fields)["outbound_auth"] == ""
    assert dict(objects[1].fields)["contact"] == "sip:sip.example.com;transport=tcp"


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        (DEVICE, {"endpoint": "sandbox-2001"}),
        (DEVICE, {"endpoint": "ofh-acme-1\nallow=all"}),
        (DEVICE, {"digest": "MD5:x"}),
        (TRUNK, {"endpoint": "ofh-acme-trunk-a-b"}),
        (TRUNK, {"host": "a.example;lr"}),
        (TRUNK, {"host": "a.example/b"}),
        (TRUNK, {"host": "[::1]"}),
        (TRUNK, {"username": "me@evil"}),
        (TRUNK, {"username": "me;x"}),
        (TRUNK, {"secret": "two\nlines"}),
        (TRUNK, {"secret": None}),
        (TRUNK, {"match_addresses": ("0.0.0.0/0",)}),
        (TRUNK, {"match_addresses": ("192.0.2.1,198.51.100.1",)}),
    ],
)
def test_given_a_row_that_was_tampered_with_when_rendered_then_nothing_of_it_goes_to_asterisk(
    line: DeviceLine | TrunkLine, changes: dict[str, Any]
) -> None:
    changed = dataclasses.replace(line, **changes)
    with pytest.raises(UnsafeLineError) as refused:
        device_objects(changed) if isinstance(changed, DeviceLine) else trunk_objects(changed)
    assert not any(value and str(value) in str(refused.value) for value in changes.values())


HOSTILE = st.text(st.sampled_from("abz09.-_+@;,/[]&\\\n\r\t\x00 :=<>\"'é"), max_size=12)


@given(HOSTILE, HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=3).map(tuple), st.none() | st.integers(1, 65535))
def test_given_any_text_in_a_trunks_row_when_rendered_then_it_is_refused_or_plain(
    host: str, username: str, secret: str, matches: tuple[str, ...], port: int | None
) -> None:
    line = dataclasses.replace(TRUNK, host=host, username=username, secret=secret, match_addresses=matches, port=port)
    try:
        objects = trunk_objects(line)
    except UnsafeLineError:
        return
    for one in objects:
        assert re.fullmatch(r"[a-z0-9-]+", one.id)
        for name, value in one.fields:
            allowed = r"[!-~]*" if name == "password" else r"(sip:)?[A-Za-z0-9.@:+_,/ -]*"
            assert re.fullmatch(allowed, value), name


@given(HOSTILE)
def test_given_any_text_when_the_rows_checks_let_it_through_then_rendering_does_too(text: str) -> None:
    """What can be stored can be made: a row that is refused only later would be a device that never works."""
    if not checks.check_host(text):
        trunk_objects(dataclasses.replace(TRUNK, host=text))
    if not checks.check_username(text) and text:
        trunk_objects(dataclasses.replace(TRUNK, username=text))
    if not checks.check_secret(text):
        trunk_objects(dataclasses.replace(TRUNK, secret=text))
    if not checks.check_matches([text]):
        trunk_objects(dataclasses.replace(TRUNK, match_addresses=(text,)))


ADDRESSES = st.ip_addresses(v=4).map(str)


@given(ADDRESSES, st.none() | st.integers(1, 65535), st.integers(24, 32))
def test_given_any_address_when_it_passes_the_check_then_it_overlaps_itself_and_is_rendered(
    address: str, port: int | None, length: int
) -> None:
    match = f"{address}:{port}" if port else f"{address}/{length}"
    if checks.check_matches([match]):
        return
    assert checks.matches_overlap(match, match)
    trunk_objects(dataclasses.replace(TRUNK, match_addresses=(match,)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.0/24", True),
        ("192.0.2.1:5060", "192.0.2.1", True),
        ("192.0.2.1:5060", "192.0.2.1:5061", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.0/25", "192.0.2.128/25", False),
    ],
)
def test_given_two_sources_when_compared_then_it_is_told_whether_a_call_could_be_of_both(
    one: str, other: str, expected: bool
) -> None:
    assert checks.matches_overlap(one, other) is expected
    assert checks.matches_overlap(other, one) is expected


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ("yes", "true", True),
        ("no", "false", True),
        ("3.0", "3.000000", True),
        ("30", "30", True),
        ("30", "60", False),
        ("g722,ulaw", "(g722|ulaw)", True),
        ("g722,ulaw", "(ulaw|g722)", False),
        ("192.0.2.0/24", "192.0.2.0/255.255.255.0", True),
        ("192.0.2.7/32", "192.0.2.7/255.255.255.255", True),
        ("192.0.2.7:5062/32", "192.0.2.7:5062/32", True),
        ("192.0.2.7:5062/32", "192.0.2.7:5062/255.255.255.255", True),
        ("192.0.2.7:5062/32", "192.0.2.7:5063/255.255.255.255", False),
        ("192.0.2.0/24", "192.0.3.0/255.255.255.0", False),
        ("sip:a.example", "sip:b.example", False),
        ("", "", True),
        ("MD5:abc", "", False),
    ],
)
def test_given_a_value_as_asterisk_writes_it_when_compared_then_it_is_known_again(
    wanted: str, actual: str, expected: bool
) -> None:
    assert is_as_wanted(PjsipObject(ObjectType.AOR, "x", (("a", wanted),)), {"a": actual}) is expected


def test_given_a_name_when_asked_whose_it_is_then_only_names_that_we_give_are_ours() -> None:
    assert is_ours("ofh-acme-17")
    assert is_ours("ofh-acme-trunk-main")
    for other in ("sandbox-2001", "ofh-", "ofh-acme", "ofh-acme-17-x", "ofh-ACME-1", "xofh-acme-1", "ofh-acme-1/2"):
        assert not is_ours(other)
        assert possible_objects(other) == ()


@given(st.sampled_from([DEVICE, TRUNK]))
def test_given_a_line_when_it_is_taken_away_then_all_that_it_may_have_had_is_and_its_endpoint_last(
    line: DeviceLine | TrunkLine,
) -> None:
    made = device_objects(line) if isinstance(line, DeviceLine) else trunk_objects(line)
    taken = possible_objects(line.endpoint)
    assert {(one.type, one.id) for one in made} <= set(taken)
    assert taken[-1] == (ObjectType.ENDPOINT, line.endpoint)
    assert made[0].type is ObjectType.ENDPOINT


def test_given_secrets_when_a_line_is_written_to_a_log_then_they_are_not_in_it() -> None:
    said = repr([DEVICE, TRUNK, *device_objects(DEVICE), *trunk_objects(TRUNK)])
    assert DEVICE.digest not in said
    assert str(TRUNK.secret) not in said
