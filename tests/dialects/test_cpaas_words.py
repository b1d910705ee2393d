"""What clients of the dialect CPAAS write, and what they are told: words, numbers, dates. No service is needed."""

import json
from typing import Any, Final

import pytest

from app.dialects.cpaas import answers, campaigns, figures, records, voices
from app.dialects.cpaas.given import Given, GivenRefusedError
from app.facts.vocabulary import Disposition
from app.ids import Kind, new_id

_VOICES: Final = [
    {"id": "en-us", "languageCodes": ["en-US"], "engineTypes": ["STANDARD"]},
    {"id": "Aditi", "languageCodes": ["en-IN", "hi-IN"], "engineTypes": ["STANDARD", "NEURAL"]},
]
_CAMPAIGN: Final = {
    "id": "camp_1",
    "name": "test_broadcast_campaign_max",
    "kind": "ANNOUNCEMENT",
    "state": "FINISHED",
    "callsPerMinute": 10,
    "maxRetries": 1,
    "retryAfterSeconds": 60.0,
    "callerIds": [{"number": "+15168148111"}],
    "startAt": "2023-07-11T09:00:00.000000Z",
    "endAt": "2023-07-12T20:00:00.000000Z",
    "startedAt": "2023-07-11T09:00:00.100000Z",
    "finishedAt": "2023-07-12T19:00:00.000000Z",
    "createdAt": "2023-07-10T09:00:00.000000Z",
    "content": {"announcement": {"announcement": {"repeat": 3}}},
}
_RECORD: Final = {
    "id": "cdr_01k3v7aaaaaaaaaaaaaaaaaaaa",
    "callId": "call_1",
    "kind": "CLICK_TO_CALL",
    "disposition": "ANSWERED",
    "uniqueId": "1688448695.804",
    "createdAt": "2023-07-04T05:31:36.000000Z",
    "answeredAt": "2023-07-04T05:31:42.443000Z",
    "endedAt": "2023-07-04T05:31:51.000220Z",
    "durationSeconds": 15.13639,
    "dtmf": None,
    "recordingIds": [],
    "isDnc": False,
    "campaignId": None,
    "contactListId": None,
    "callbackId": None,
    "otpId": None,
    "agentParty": {"number": "+918000680000", "extension": None},
    "customerParty": {"number": "+919979270000", "extension": None},
    "dialledNumber": {"number": "+919979270000", "extension": None},
    "callerId": {"number": "+15168148111"},
    "campaign": None,
}


@pytest.mark.parametrize(
    "written", ["calls_per_min ute", " calls_per_minute", "calls_per_minute\n", "calls _per_minute"]
)
def test_given_a_name_that_a_pages_edge_broke_when_read_then_its_blanks_do_not_count(written: str) -> None:
    assert Given({written: "10"}).whole("calls_per_minute") == 10


def test_given_numbers_as_numbers_and_texts_with_blanks_when_read_then_both_are_taken() -> None:
    given = Given({"otp": 1987, "campaign_id": " CM7b1b0f4c2f ", "caller_id": "", "repeat": None})
    assert (given.text("otp"), given.text("campaign_id")) == ("1987", "CM7b1b0f4c2f")
    assert (given.text("caller_id"), given.whole("repeat"), given.has("caller_id")) == (None, None, False)


@pytest.mark.parametrize("value", [True, 1.5, ["1"], {"a": "b"}])
def test_given_what_is_no_text_when_a_text_is_wanted_then_it_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(GivenRefusedError) as refused:
        Given({"otp": value}).text("otp")
    assert refused.value.message == "otp: give a string."


@pytest.mark.parametrize("value", ["ten", "-1", "1.0", "1e3", "1234567890", "\uff11", "0x1", "1 0"])
def test_given_what_is_no_whole_number_when_one_is_wanted_then_it_is_refused(value: str) -> None:
    with pytest.raises(GivenRefusedError, match="repeat"):
        Given({"repeat": value}).whole("repeat")


@pytest.mark.parametrize("value", ["x-low", "x- low", "X-LOW", " x-\nlow "])
def test_given_a_word_that_a_pages_edge_broke_when_read_then_it_is_known(value: str) -> None:
    assert Given({"pitch": value}).word("pitch", {"x-low": 1, "low": 2}) == 1
    with pytest.raises(GivenRefusedError, match="use one of x-low, low"):
        Given({"pitch": "lower"}).word("pitch", {"x-low": 1, "low": 2})


@pytest.mark.parametrize(
    "value", ["2023-12-18 10:00:00", "2023-12-1810:00:00", "2023-\n12-18 10:00:00", "2023-12-18T10:00:00"]
)
def test_given_a_time_however_it_was_broken_when_read_then_it_is_the_same(value: str) -> None:
    assert Given({"scheduled_at": value}).moment("scheduled_at") == "2023-12-18T10:00:00"


@pytest.mark.parametrize(
    "value",
    ["2023-02-30 10:00:00", "2023-12-18", "18.12.2023 10:00", "2023-12-18 25:00:00", "now", "2023-12-18 10:00:00Z"],
)
def test_given_what_is_no_time_when_one_is_wanted_then_it_is_refused(value: str) -> None:
    with pytest.raises(GivenRefusedError, match="YYYY-mm-dd hh:mm:ss"):
        Given({"scheduled_at": value}).moment("scheduled_at")


@pytest.mark.parametrize(("value", "party"), [("101", "extension"), ("919979270000", "number"), ("+1 (555)", "number")])
def test_given_digits_when_somebody_is_to_be_called_then_a_few_are_an_extension(value: str, party: str) -> None:
    assert Given({"transfer_to": value}).needed_party("transfer_to") == {party: value}


def test_given_days_when_a_range_is_read_then_the_last_day_belongs_to_it() -> None:
    given = Given({"first": "2023-06-13", "last": "2023-06-17"})
    assert given.day_range("first", "last") == {
        "from": {"at": "2023-06-13T00:00:00Z"},
        "to": {"at": "2023-06-18T00:00:00Z"},
    }
    times = Given({"first": "2023-06-13 10:00:00", "last": "2023-06-13 10:00:00"})
    assert times.day_range("first", "last") == {
        "from": {"at": "2023-06-13T10:00:00Z"},
        "to": {"at": "2023-06-13T10:00:01Z"},
    }


@pytest.mark.parametrize(
    ("first", "last"),
    [("2023-02-30", "2023-06-17"), ("2023-06-17", "9999-12-31"), ("2023-06-17", "2023-06-16"), ("x", "2023-06-16")],
)
def test_given_what_is_no_range_when_one_is_wanted_then_it_is_refused(first: str, last: str) -> None:
    with pytest.raises(GivenRefusedError):
        Given({"first": first, "last": last}).day_range("first", "last")


def test_given_the_same_fields_in_another_order_and_with_blanks_when_compared_then_they_are_the_same_request() -> None:
    first, second = Given({"a": "1", "b": {"d": 1, "c": 2}}), Given({" b": {"c": 2, "d": 1}, "a": "1"})
    assert first.canonical() == second.canonical()
    assert first.canonical() != Given({"a": "2", "b": {"d": 1, "c": 2}}).canonical()


def test_given_every_disposition_when_told_then_each_has_a_dial_status() -> None:
    assert set(answers.DIAL_STATUSES) == set(Disposition)
    assert set(answers.CALL_STATUSES) == set(answers.DIAL_STATUSES.values()) - {"DND"}


def test_given_instants_parties_and_numbers_when_told_then_they_are_as_in_the_document() -> None:
    assert answers.write_instant("2023-07-07T06:08:09.999999Z") == "Fri, 07 Jul 2023 06:08:09 GMT"
    assert answers.write_instant(None) == ""
    assert answers.write_party({"number": "+15168148111", "extension": None}) == "15168148111"
    assert answers.write_party({"number": None, "extension": "2001"}) == "2001"
    assert (answers.write_party({"number": None, "extension": None}), answers.write_party(None)) == ("", "")
    assert (answers.write_number(60.0), answers.write_number(1.5)) == ("60", "1.5")


def test_given_ids_of_records_when_numbered_then_the_numbers_fit_every_client_and_differ() -> None:
    ids = [new_id(Kind.CDR) for _ in range(2_000)]
    numbers = [answers.number_of(one) for one in ids]
    assert all(0 <= one < 2**53 for one in numbers)
    assert len(set(numbers)) == len(ids)
    assert numbers == [answers.number_of(one) for one in ids]


def test_given_a_campaign_when_told_then_it_is_the_documents_own_sample() -> None:
    assert campaigns.write_campaign(_CAMPAIGN) == {
        "calls_per_minute": "10",
        "campaign_caller_id": "15168148111",
        "campaign_end_date": "Wed, 12 Jul 2023 20:00:00 GMT",
        "campaign_id": "camp_1",
        "campaign_name": "test_broadcast_campaign_max",
        "campaign_start_date": "Tue, 11 Jul 2023 09:00:00 GMT",
        "campaign_status": "3",
        "campaign_type": "0",
        "max_retries": "1",
        "repeat_announcement_count": "3",
        "retry_time": "60",
    }


def test_given_a_campaign_without_times_that_leads_through_a_flow_when_told_then_they_are_empty_and_its_type_is_1() -> (
    None
):
    bare: dict[str, Any] = {"startAt": None, "endAt": None, "startedAt": None, "finishedAt": None, "callerIds": []}
    told = campaigns.write_campaign({**_CAMPAIGN, **bare, "kind": "FLOW", "content": {"announcement": None}})
    assert (told["campaign_start_date"], told["campaign_end_date"], told["campaign_caller_id"]) == ("", "", "")
    assert (told["campaign_type"], told["repeat_announcement_count"]) == ("1", "1")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NOANSER, BUSY", ["NO_ANSWER", "BUSY"]),
        ("noanswer", ["NO_ANSWER"]),
        ("NO ANSWER,CONGESTION", ["NO_ANSWER", "CONGESTION"]),
        ("CHANUNAVAIL BUSY BUSY", ["UNREACHABLE", "REJECTED", "FAILED", "BUSY"]),
    ],
)
def test_given_statuses_to_dial_again_on_when_read_then_asterisks_words_are_known(
    written: str, meant: list[str]
) -> None:
    assert campaigns.read_retries(written) == meant


def test_given_a_status_that_nobody_knows_when_read_then_it_is_refused() -> None:
    with pytest.raises(GivenRefusedError, match="retry_on_statuses"):
        campaigns.read_retries("BUSY, SLEEPY")


def test_given_a_record_of_two_who_talked_when_told_then_it_is_as_the_document_has_it() -> None:
    told = records.write_record(_RECORD, "account_1")
    assert isinstance(told.pop("id"), int)
    assert told == {
        "account_id": "account_1",
        "agent_number": "918000680000",
        "answer": "Tue, 04 Jul 2023 05:31:42 GMT",
        "billsec": 8.5572,
        "call_date": "Tue, 04 Jul 2023 05:31:36 GMT",
        "call_direction": "outbound-api",
        "call_duration": 15.1364,
        "call_status": "ANSWERED",
        "caller_id": "15168148111",
        "customer_number": "919979270000",
        "destination_context": "click2call",
        "dial_status": "ANSWER",
        "dialed_number": "919979270000",
        "dtmf_inputs": "",
        "end": "Tue, 04 Jul 2023 05:31:51 GMT",
        "recording_name": "",
        "request_id": "call_1",
        "uniqueid": "1688448695.804",
    }


def test_given_a_contact_that_must_not_be_called_when_told_then_it_has_no_times_and_is_dnd() -> None:
    never = {"callId": None, "kind": "CAMPAIGN", "disposition": "DNC", "isDnc": True, "answeredAt": None}
    campaign = {"contactListId": "list_1", "campaignId": "camp_1", "campaign": {"kind": "FLOW"}}
    told = records.write_record({**_RECORD, **never, **campaign}, "account_1", is_campaign=True)
    assert (told["answer"], told["end"], told["uniqueid"], told["request_id"]) == ("", "", "", "")
    assert (told["billsec"], told["call_duration"], told["call_status"]) == (None, None, None)
    assert (told["dial_status"], told["is_dnd"], told["list_id"]) == ("DND", "1", "list_1")
    assert (told["call_direction"], told["destination_context"]) == ("outbound-campaign", "local_call_campaign_type_1")
    json.dumps(told)


def test_given_a_call_that_nobody_answered_when_told_then_nothing_is_billed_and_there_is_no_1970() -> None:
    told = records.write_record({**_RECORD, "answeredAt": None, "disposition": "NO_ANSWER", "otpId": "otp_1"}, "x")
    assert (told["answer"], told["billsec"], told["call_status"], told["dial_status"]) == (
        "",
        0.0,
        "NO ANSWER",
        "NOANSWER",
    )
    assert told["request_id"] == "otp_1"


def test_given_counts_by_disposition_when_told_then_each_is_a_list_of_one_and_all_are_in_the_total() -> None:
    groups = [{"disposition": one, "calls": calls} for one, calls in (("ANSWERED", 4), ("MACHINE", 1), ("DNC", 4))]
    assert figures.count_statuses(groups, has_dnd=True) == {
        "answer_calls": [5],
        "busy_calls": [0],
        "cancel_calls": [0],
        "chanunavail_calls": [0],
        "congestion_calls": [0],
        "dnd_calls": [4],
        "noanswer_calls": [0],
        "total_calls": [9],
    }
    assert "dnd_calls" not in figures.count_statuses(groups, has_dnd=False)


@pytest.mark.parametrize(
    ("name", "language", "is_neural", "chosen"),
    [
        ("Raveena", "en-US", False, {"languageCode": "en-US"}),
        ("aditi", "en-US", False, {"id": "Aditi"}),
        ("Aditi", "hi-IN", True, {"id": "Aditi", "languageCode": "hi-IN", "engineType": "NEURAL"}),
        (None, None, True, {}),
        (None, "en-IN", True, {"languageCode": "en-IN", "engineType": "NEURAL"}),
        ("../../etc/passwd", None, False, {"id": "../../etc/passwd"}),
    ],
)
def test_given_another_services_voice_when_chosen_then_it_is_one_that_is_here_or_left_to_be_refused(
    name: str | None, language: str | None, *, is_neural: bool, chosen: dict[str, str]
) -> None:
    assert voices.choose_voice(_VOICES, name, language, is_neural=is_neural) == chosen


def test_given_a_clients_own_fields_when_read_then_numbers_are_written_out_and_null_is_empty() -> None:
    own = {"due": 500.5, "count": 3, "name": " a ", "none": None}
    assert Given({"contact_fields": own}).pairs("contact_fields") == [
        {"name": "due", "value": "500.5"},
        {"name": "count", "value": "3"},
        {"name": "name", "value": "a"},
        {"name": "none", "value": ""},
    ]
