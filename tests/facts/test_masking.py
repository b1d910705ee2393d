"""What readers see of numbers, names and pressed keys, in values and in whole facts."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.calls import CallCreated, CallEnded, CallRef, CallUpdated, CdrRecord, DtmfReceived, Fact, LegRef
from app.facts.campaigns import CampaignFact
from app.facts.catalogue import FACT_TYPES
from app.facts.masking import Sight, is_extension, mask_digits, mask_fact, mask_number, mask_party
from app.facts.vocabulary import CallKind, Direction, LegRole, Party, RecordingMode
from tests.cdrs.records import make_cdr
from tests.facts.any_fact import FACTS

NOTHING = Sight()
WHOLE = Sight(has_numbers=True, has_digits=True)
CUSTOMER = Party(number="+15550100007", display="Grace")
AGENT = Party(extension="2001", display="Ada")
CALL = CallRef(
    id="call_1",
    kind=CallKind.CLICK_TO_CALL,
    direction=Direction.OUTBOUND,
    unique_id="ofk.n1.leg_1",
    dialled_number="+15550100007",
    extension="2001",
    caller_id="+15550199999",
)
PRESSED = DtmfReceived(
    call=CALL, leg=LegRef(id="leg_1", role=LegRole.CUSTOMER, party=CUSTOMER), digit="7", duration_milliseconds=120
)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+12125550123", "+1********23"),
        ("+442079460958", "+44********58"),
        ("+35312345678", "+353******78"),
        ("+15550100000", "+1********00"),
        ("2001", "****"),
        ("112", "***"),
        ("+1", "+*"),
        ("", ""),
        ("5550123", "*****23"),
        ("anonymous", "*******us"),
    ],
)
def test_given_a_number_when_masked_then_country_code_and_two_digits_are_left(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_given_any_number_when_masked_then_its_length_stays_and_at_most_five_digits_are_told(number: str) -> None:
    masked = mask_number(number)
    assert len(masked) == len(number)
    assert sum(one.isdigit() for one in masked) <= 5


@given(st.text())
def test_given_any_text_when_masked_then_it_never_fails(text: str) -> None:
    assert len(mask_number(text)) == len(text)


def test_given_pressed_keys_when_masked_then_only_their_number_is_told() -> None:
    assert mask_digits("12#*A") == "xxxxx"


def test_given_a_party_when_masked_then_its_name_goes_with_its_number_and_one_inside_keeps_both() -> None:
    assert mask_party(CUSTOMER, NOTHING) == Party(number="+1********07")
    assert mask_party(AGENT, NOTHING) is AGENT
    assert mask_party(CUSTOMER, Sight(has_numbers=True)) is CUSTOMER


@pytest.mark.parametrize(("dialled", "is_inside"), [("+15550100007", False), ("2001", True), ("9", True)])
def test_given_what_was_dialled_when_looked_at_then_all_but_e164_is_an_extension(dialled: str, is_inside: bool) -> None:
    assert is_extension(dialled) is is_inside


def test_given_a_reader_of_nothing_when_a_key_is_pressed_then_key_number_and_name_are_hidden_and_the_rest_is_told() -> (
    None
):
    masked = mask_fact(PRESSED, NOTHING)
    assert (masked.digit, masked.duration_milliseconds) == ("x", 120)
    assert masked.leg == LegRef(id="leg_1", role=LegRole.CUSTOMER, party=Party(number="+1********07"))
    assert (masked.call.dialled_number, masked.call.caller_id) == ("+1********07", "+1********99")
    assert (masked.call.id, masked.call.extension) == ("call_1", "2001")


@pytest.mark.parametrize(
    ("sight", "digit", "number"),
    [
        (Sight(has_numbers=True), "x", "+15550100007"),
        (Sight(has_digits=True), "7", "+1********07"),
        (WHOLE, "7", "+15550100007"),
    ],
)
def test_given_one_scope_of_the_two_when_masked_then_it_shows_its_own_part_alone(
    sight: Sight, digit: str, number: str
) -> None:
    masked = mask_fact(PRESSED, sight)
    assert (masked.digit, masked.leg.party.number, masked.call.dialled_number) == (digit, number, number)


@pytest.mark.parametrize(("dtmf", "shown"), [("1234#", "xxxxx"), (None, None), ("", "")])
def test_given_the_record_of_an_ended_call_when_masked_then_numbers_names_and_keys_are_hidden_in_it_too(
    dtmf: str | None, shown: str | None
) -> None:
    cdr = make_cdr(dtmf=dtmf)
    ended = CallEnded(
        call=CALL,
        disposition=cdr.disposition,
        end_reason=cdr.end_reason,
        duration_seconds=3.0,
        talk_seconds=2.0,
        cdr=cdr,
    )
    masked = mask_fact(ended, NOTHING).cdr
    assert masked == msgspec.structs.replace(
        cdr,
        agent=Party(number="+1********99", extension="2001"),
        customer=Party(number="+1********00", extension="2002", is_anonymous=True),
        dialled_number="+1********00",
        caller_id="+1********99",
        caller_id_name=None,
        dtmf=shown,
    )
    assert mask_fact(ended, WHOLE) is ended


def test_given_a_call_to_an_extension_when_masked_then_the_extension_is_still_told() -> None:
    call = msgspec.structs.replace(CALL, dialled_number="2003", caller_id=None)
    created = CallCreated(
        call=call,
        agent=AGENT,
        customer=Party(extension="2003"),
        dial_first=LegRole.AGENT,
        recording_mode=RecordingMode.OFF,
    )
    assert mask_fact(created, NOTHING) is created


def test_given_a_fact_without_anything_to_hide_when_masked_then_it_is_the_same_object() -> None:
    call = msgspec.structs.replace(CALL, dialled_number=None, caller_id=None)
    fact = CallUpdated(call=call, changed=("tags",))
    assert mask_fact(fact, NOTHING) is fact


def _with_numbers(value: Any) -> Any:
    """The same value with a telephone number wherever the facts may hold one."""
    if isinstance(value, Party):
        return CUSTOMER
    if isinstance(value, CallRef | CdrRecord):
        value = msgspec.structs.replace(value, dialled_number=CUSTOMER.number, caller_id=CUSTOMER.number)
    if isinstance(value, CdrRecord):
        value = msgspec.structs.replace(value, caller_id_name=CUSTOMER.display)
    if isinstance(value, msgspec.Struct):
        parts = {name: _with_numbers(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **parts)
    return value


@given(FACTS)
def test_given_any_fact_with_numbers_everywhere_when_masked_then_none_is_left_in_its_json(fact: Fact) -> None:
    full = _with_numbers(fact)
    written = msgspec.json.encode(mask_fact(full, NOTHING)).decode()
    assert CUSTOMER.number is not None
    assert CUSTOMER.number not in written
    assert '"Grace"' not in written
    assert mask_fact(full, WHOLE) is full


def test_given_every_text_of_the_catalogue_that_sounds_like_a_number_when_looked_up_then_masking_knows_it() -> None:
    """Whoever adds such a field must teach masking about it, and then this test."""
    known = {
        ("Party", "number"),
        ("CallRef", "dialled_number"),
        ("CallRef", "caller_id"),
        ("CdrRecord", "dialled_number"),
        ("CdrRecord", "caller_id"),
        ("CdrRecord", "caller_id_name"),
        ("CdrRecord", "dtmf"),
        ("DtmfReceived", "digit"),
        ("FlowGathered", "digits"),
    }
    sounds = re.compile("number|phone|caller|digit|dtmf|name")
    not_secret = {
        *(("LegRef", "channel_name"), ("CdrRecord", "agent_name"), ("TrunkDown", "name"), ("TrunkUp", "name")),
        ("FlowStarted", "name"),
        *((fact.__name__, "name") for fact in CampaignFact.__subclasses__()),
    }
    found = set()
    waiting: list[Any] = list(FACT_TYPES.values())
    while waiting:
        kind = waiting.pop()
        for field in msgspec.structs.fields(kind):
            for part in getattr(field.type, "__args__", (field.type,)):
                if isinstance(part, type) and issubclass(part, msgspec.Struct):
                    waiting.append(part)
                elif part is str and sounds.search(field.name):
                    found.add((kind.__name__, field.name))
    assert found - not_secret == known
