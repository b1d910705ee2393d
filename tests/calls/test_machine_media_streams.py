"""Media streams in the pure machine: when a leg is with a program, and that it always comes back."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import Place
from app.calls.core.model.media import MediaStream
from app.calls.core.streams import OPEN_SECONDS
from app.calls.core.verbs import CompleteTransfer, Hold, RemoveParticipant, StopMediaStream, Unhold
from app.facts.media_streams import MediaStreamConnected, MediaStreamEnded, MediaStreamFailed
from app.facts.vocabulary import LegRole, LegState, MediaStreamEnd, MediaStreamState, TransferKind
from app.ids import LegId, MediaStreamId
from tests.calls.asking import ask, ask_stream, ask_transfer, target_of
from tests.calls.asking_guests import ask_participant, leg_with
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.resting import assert_in_place, assert_nobody_is_alone, assert_streamed
from tests.calls.simulated_asterisk import Fate

E = MediaStreamEnd


def _asked(driver: Driver, role: LegRole = LegRole.CUSTOMER) -> MediaStream:
    driver.feed(ask_stream(driver.leg(role).id))
    return driver.call.media_streams[-1]


def _streaming(role: LegRole = LegRole.CUSTOMER) -> tuple[Driver, MediaStream]:
    driver = connected_call()
    _asked(driver, role)
    driver.hear_all()
    (stream,) = driver.call.media_streams
    assert stream.state is MediaStreamState.ACTIVE
    return driver, stream


def _ends(driver: Driver) -> list[MediaStreamEnd]:
    return [fact.reason for fact in driver.facts if isinstance(fact, MediaStreamEnded | MediaStreamFailed)]


def _problems(driver: Driver, event: inputs.Input) -> list[tuple[str, str | None]]:
    return [(one.code, one.current_state) for one in driver.feed(event).problems]


def test_given_a_talk_when_a_program_is_asked_for_then_the_leg_stays_until_it_is_there_and_is_with_it_alone_then() -> (
    None
):
    driver = connected_call()
    leg_id = driver.leg(LegRole.CUSTOMER).id
    stream = _asked(driver)
    assert stream.state is MediaStreamState.CONNECTING
    assert driver.call.leg(leg_id).place is Place.TALK
    driver.hear_all()
    assert driver.call.leg(leg_id).place is Place.STREAM
    assert driver.asterisk.channels[leg_id].stream_id == stream.id
    assert not driver.asterisk.channels[leg_id].is_bridged
    assert driver.asterisk.channels[driver.leg(LegRole.AGENT).id].is_bridged
    (connected,) = [fact for fact in driver.facts if isinstance(fact, MediaStreamConnected)]
    assert (connected.host, connected.sample_rate, connected.leg.id) == ("bot.example", 16000, leg_id)
    assert_streamed(driver)


@pytest.mark.parametrize("role", [LegRole.AGENT, LegRole.CUSTOMER])
def test_given_a_leg_with_a_program_when_it_is_stopped_then_the_leg_is_back_in_the_talk(role: LegRole) -> None:
    driver, stream = _streaming(role)
    driver.pass_seconds(3.0)
    driver.feed(ask(StopMediaStream(stream_id=stream.id)))
    driver.hear_all()
    (ended,) = [fact for fact in driver.facts if isinstance(fact, MediaStreamEnded)]
    assert (ended.reason, ended.duration_seconds, ended.outcome) == (E.STOPPED, 3.0, None)
    assert driver.leg(role).place is Place.TALK
    assert_in_place(driver)
    assert_streamed(driver)
    assert_nobody_is_alone(driver.call)
    assert _problems(driver, ask(StopMediaStream(stream_id=stream.id))) == [("NOT_FOUND", None)]


@pytest.mark.parametrize("reason", [E.BOT_CLOSED, E.BOT_LOST, E.BOT_PROTOCOL, E.BOT_FLOODED, E.MEDIA_LOST])
def test_given_a_leg_with_a_program_when_the_program_is_gone_then_it_is_said_why_and_the_leg_is_back(
    reason: MediaStreamEnd,
) -> None:
    driver, stream = _streaming()
    driver.asterisk.close_stream(stream.id, reason, outcome="sales")
    driver.hear_all()
    (ended,) = [fact for fact in driver.facts if isinstance(fact, MediaStreamEnded)]
    assert (ended.reason, ended.outcome) == (reason, "sales")
    assert_in_place(driver)
    assert_streamed(driver)
    driver.asterisk.close_stream(stream.id, E.FAILED)  # told twice, it is said once
    driver.hear_all()
    assert _ends(driver) == [reason]


@pytest.mark.parametrize("reason", [E.BOT_UNREACHABLE, E.BOT_REFUSED, E.URL_NOT_ALLOWED])
def test_given_a_program_that_cannot_be_had_when_told_so_then_it_failed_and_the_leg_never_moved(
    reason: MediaStreamEnd,
) -> None:
    driver = connected_call()
    stream = _asked(driver)
    driver.asterisk.said.clear()
    count = len(driver.asked)
    driver.feed(inputs.StreamClosed(stream_id=stream.id, reason=reason, detail="no connection"))
    (failed,) = [fact for fact in driver.facts if isinstance(fact, MediaStreamFailed)]
    assert (failed.reason, failed.detail) == (reason, "no connection")
    assert {type(one) for one in driver.asked[count:]} == {commands.CloseStream}
    assert_streamed(driver)


def test_given_a_program_of_which_nothing_is_heard_when_the_time_is_up_then_it_failed() -> None:
    driver = connected_call()
    _asked(driver)
    driver.asterisk.said.clear()
    driver.pass_seconds(OPEN_SECONDS - 1)
    driver.settle()
    assert _ends(driver) == [E.FAILED]
    assert_streamed(driver)


@pytest.mark.parametrize(
    ("fate", "ends"),
    [(Fate.REFUSED, [E.OVERLOADED]), (Fate.UNSENT, [E.OVERLOADED])],
)
def test_given_a_server_with_all_the_streams_it_may_have_when_one_more_is_asked_for_then_it_failed(
    fate: Fate, ends: list[MediaStreamEnd]
) -> None:
    driver = connected_call()
    driver.fates = [fate]
    driver.feed(ask_stream(driver.leg(LegRole.CUSTOMER).id))
    assert _ends(driver) == ends
    assert_streamed(driver)


def test_given_a_program_when_keys_are_pressed_by_its_leg_then_it_is_told_and_of_the_other_legs_keys_it_is_not() -> (
    None
):
    driver, stream = _streaming()
    driver.asterisk.press(driver.leg(LegRole.CUSTOMER).id, "5")
    driver.asterisk.press(driver.leg(LegRole.AGENT).id, "6")
    driver.hear_all()
    assert driver.asterisk.keys_streamed == [(stream.id, "5")]


@pytest.mark.parametrize("role", [LegRole.AGENT, LegRole.CUSTOMER])
def test_given_a_leg_with_a_program_when_either_hangs_up_then_the_stream_ends_before_the_call(role: LegRole) -> None:
    driver, _ = _streaming()
    driver.asterisk.end(driver.leg(role).id)
    driver.hear_all()
    driver.drain()
    assert _ends(driver) == [E.LEG_ENDED if role is LegRole.CUSTOMER else E.CALL_ENDED]
    words = driver.words
    assert words.index("mediastream.ended CUSTOMER") < words.index("call.ended")
    assert_streamed(driver)


def test_given_a_leg_with_a_program_when_the_call_is_hung_up_then_the_stream_is_closed_and_the_leg_not_put_back() -> (
    None
):
    driver, _ = _streaming()
    count = len(driver.asked)
    driver.feed(inputs.HangupRequested(actor=driver.call.actor))
    assert _ends(driver) == [E.CALL_ENDED]
    assert not [one for one in driver.asked[count:] if isinstance(one, commands.JoinBridge)]
    driver.drain()
    assert driver.call.is_ended


def test_given_a_leg_with_a_program_when_it_is_held_then_the_stream_ends_and_unheld_it_is_in_the_talk() -> None:
    driver, _ = _streaming()
    driver.feed(ask(Hold()))
    driver.hear_all()
    assert _ends(driver) == [E.LEG_MOVED]
    assert driver.leg(LegRole.CUSTOMER).place is Place.HOLD
    assert_in_place(driver)
    driver.feed(ask(Unhold()))
    assert driver.leg(LegRole.CUSTOMER).place is Place.TALK
    assert_in_place(driver)
    assert_streamed(driver)


def test_given_a_held_leg_when_a_program_has_talked_to_it_then_it_is_held_again() -> None:
    driver = connected_call()
    driver.feed(ask(Hold()))
    stream = _asked(driver)
    driver.hear_all()
    assert driver.leg(LegRole.CUSTOMER).place is Place.STREAM
    assert not driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music
    driver.feed(ask(StopMediaStream(stream_id=stream.id)))
    assert driver.leg(LegRole.CUSTOMER).place is Place.HOLD
    assert_in_place(driver)


@pytest.mark.parametrize("kind", TransferKind)
def test_given_a_customer_with_a_program_when_it_is_transferred_then_the_stream_ends_and_the_transfer_is_as_ever(
    kind: TransferKind,
) -> None:
    driver, _ = _streaming()
    driver.feed(ask_transfer(kind))
    driver.hear_all()
    assert _ends(driver) == [E.LEG_MOVED]
    assert_in_place(driver)
    driver.asterisk.answer(target_of(driver.call).id)
    driver.hear_all()
    if kind is TransferKind.ATTENDED:
        driver.feed(ask(CompleteTransfer()))
        driver.hear_all()
    assert_in_place(driver)
    assert_streamed(driver)
    assert_nobody_is_alone(driver.call)


def test_given_a_transfer_under_way_when_a_program_is_asked_for_then_it_is_refused_for_those_who_are_in_it() -> None:
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    driver.hear_all()
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        assert _problems(driver, ask_stream(driver.leg(role).id)) == [("INVALID_STATE", "TRANSFER_DIALING")]


def test_given_a_program_that_is_there_when_its_leg_is_being_transferred_by_then_it_does_not_get_it() -> None:
    driver = connected_call()
    stream = _asked(driver)
    ready = driver.asterisk.said.pop()
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    driver.feed(ready.event)
    assert _ends(driver) == [E.LEG_MOVED]
    assert stream.id not in driver.asterisk.streams
    assert_in_place(driver)


def test_given_a_program_that_is_there_when_nobody_waits_for_it_any_more_then_it_is_closed() -> None:
    driver = connected_call()
    count = len(driver.asked)
    late = MediaStreamId("strm_01k3v7q2h4n8r6t0w5y9abcdef")
    driver.feed(inputs.StreamReady(stream_id=late))
    assert driver.asked[count:] == [commands.CloseStream(stream_id=late, leg_id=None, reason=E.STOPPED)]


def test_given_a_conference_when_a_participant_with_a_program_is_removed_then_the_stream_ends_with_it() -> None:
    driver = connected_call()
    driver.feed(ask_participant())
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.PARTICIPANT)
    driver.asterisk.answer(leg.id)
    driver.hear_all()
    driver.feed(ask_stream(leg.id))
    driver.hear_all()
    assert driver.call.leg(leg.id).place is Place.STREAM
    driver.feed(ask(RemoveParticipant(leg_id=leg.id)))
    driver.hear_all()
    assert _ends(driver) == [E.LEG_ENDED]
    assert_in_place(driver)
    assert_streamed(driver)


@pytest.mark.parametrize("is_active", [True, False])
def test_given_a_stream_when_the_service_restarts_then_it_ends_for_that_and_the_leg_is_back(is_active: bool) -> None:
    driver = connected_call()
    _asked(driver)
    if is_active:
        driver.hear_all()
    driver.restart_service()
    driver.hear_all()
    assert _ends(driver) == [E.SERVICE_RESTARTED]
    assert_in_place(driver)
    assert_streamed(driver)
    assert_nobody_is_alone(driver.call)


def test_given_a_stream_when_the_connection_to_asterisk_was_lost_for_a_while_then_it_goes_on() -> None:
    driver, stream = _streaming()
    driver.reconcile()
    driver.hear_all()
    assert [one.id for one in driver.call.media_streams] == [stream.id]
    assert _ends(driver) == []
    assert_in_place(driver)
    assert_streamed(driver)


def test_given_a_program_whose_readiness_nobody_heard_when_looked_at_asterisk_then_the_leg_is_with_it() -> None:
    driver = connected_call()
    _asked(driver)
    driver.asterisk.said.clear()
    driver.reconcile()
    assert driver.leg(LegRole.CUSTOMER).place is Place.STREAM
    assert_streamed(driver)


@pytest.mark.parametrize(
    ("kind", "ends"),
    [(FailureKind.REFUSED, [E.FAILED]), (FailureKind.UNCLEAR, []), (FailureKind.UNSENT, []), (FailureKind.GONE, [])],
)
def test_given_a_leg_that_asterisk_did_not_join_when_it_is_told_how_then_it_is_tried_again_or_given_up(
    kind: FailureKind, ends: list[MediaStreamEnd]
) -> None:
    driver, _ = _streaming()
    leg_id = driver.leg(LegRole.CUSTOMER).id
    driver.feed(inputs.CommandFailed(command=commands.JoinStream(leg_id=leg_id), kind=kind, detail="x"))
    assert _ends(driver) == ends
    driver.settle()
    assert driver.leg(LegRole.CUSTOMER).state is LegState.UP
    assert_in_place(driver)
    assert_streamed(driver)


def test_given_calls_in_which_nobody_talks_yet_when_a_program_is_asked_for_then_it_is_refused() -> None:
    driver = started_call()
    driver.hear_all()
    first = driver.call.legs[0].id
    assert _problems(driver, ask_stream(first)) == [("INVALID_STATE", "DIALING")]
    assert _problems(driver, ask_stream(LegId("leg_x"))) == [("NOT_FOUND", None)]
    driver, _ = _streaming()
    again = ask_stream(driver.leg(LegRole.CUSTOMER).id)
    assert _problems(driver, again) == [("INVALID_STATE", "MEDIA_STREAM")]
