"""The far ends, the network, Asterisk, the API and the service itself, doing what they like with one call."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import (
    CancelTransfer,
    CompleteTransfer,
    Hold,
    Mute,
    Play,
    SendDtmf,
    StopPlayback,
    Unhold,
    Unmute,
    Verb,
)
from app.facts.calls import CallCreated, CallEnded, CdrRecord, Fact
from app.facts.recordings import RecordingFailed, RecordingSaved, RecordingStarted
from app.facts.vocabulary import CallState, LegRole, MuteDirection, RecordingMode, TransferKind
from app.ids import Kind, PlaybackId, new_id
from tests.calls.asking import ask, ask_transfer
from tests.calls.driving import Driver
from tests.calls.making import SOMEBODY, make_call
from tests.calls.resting import (
    assert_alive,
    assert_in_place,
    assert_nobody_is_alone,
    assert_transfers_add_up,
    transfers_under_way,
)
from tests.calls.simulated_asterisk import Fate, Stage

_ROUNDING = 0.002
SEATS = (LegRole.AGENT, LegRole.CUSTOMER)


class AnyOrder(RuleBasedStateMachine):
    """The far ends, the network, Asterisk, the API and the service itself do what they like."""

    driver: Driver

    def __init__(self) -> None:
        super().__init__()
        #: Whether something happened that the machine cannot know of without looking.
        self.is_blind = False
        #: Whether a request may have taken effect after what was asked later.
        self.is_late = False
        #: Whether instants were lost: Asterisk has forgotten them, or somebody was told what was not so.
        self.was_away = False

    @initialize(dial_first=st.sampled_from(SEATS), mode=st.sampled_from(RecordingMode), head_start=st.integers(0, 6))
    def begin(self, dial_first: LegRole, mode: RecordingMode, head_start: int) -> None:
        self.driver = Driver(make_call(dial_first=dial_first, recording_mode=mode))
        self.driver.feed(inputs.Start())
        for _ in range(head_start):
            self.driver.go_on()

    @rule()
    def it_goes_as_it_should(self) -> None:
        self.driver.go_on()

    @rule(seconds=st.floats(0.001, 20.0), name=st.none() | st.sampled_from(TimerName))
    def time_passes(self, seconds: float, name: TimerName | None) -> None:
        self.driver.pass_seconds(seconds)
        if name is not None:
            self.driver.feed(inputs.TimerFired(name=name))

    @precondition(lambda self: self.driver.call.timers)
    @rule()
    def a_timer_comes_due(self) -> None:
        self.driver.fire()

    @precondition(lambda self: self.driver.asterisk.said)
    @rule(data=st.data(), is_kept=st.booleans())
    def something_is_heard_out_of_turn(self, data: st.DataObject, is_kept: bool) -> None:
        index = data.draw(st.integers(0, len(self.driver.asterisk.said) - 1))
        self.is_blind = self.is_blind or bool(index)
        self.driver.hear(index, is_kept=is_kept)

    @precondition(lambda self: self.driver.asterisk.said)
    @rule(data=st.data())
    def something_is_never_heard(self, data: st.DataObject) -> None:
        self.driver.asterisk.said.pop(data.draw(st.integers(0, len(self.driver.asterisk.said) - 1)))
        self.is_blind = True

    @precondition(lambda self: self.driver.asterisk.channels)
    @rule(data=st.data(), digit=st.sampled_from("0123456789*#"))
    def a_far_end_does_something(self, data: st.DataObject, digit: str) -> None:
        asterisk = self.driver.asterisk
        leg_id = data.draw(st.sampled_from(list(asterisk.channels)))
        asterisk.press(leg_id, digit)
        if asterisk.channels[leg_id].stage in {Stage.DIALLED, Stage.RINGING}:
            if data.draw(st.booleans()):
                asterisk.answer(leg_id)
            else:
                asterisk.ring(leg_id)

    @precondition(lambda self: self.driver.asterisk.channels)
    @rule(
        data=st.data(), cause=st.sampled_from([None, 0, 1, 16, 17, 19, 21, 34, 127]), code=st.sampled_from([None, 486])
    )
    def a_far_end_hangs_up(self, data: st.DataObject, cause: int | None, code: int | None) -> None:
        leg_id = data.draw(st.sampled_from(list(self.driver.asterisk.channels)))
        self.driver.asterisk.end(leg_id, cause=cause, sip_code=code)

    @precondition(lambda self: self.driver.asterisk.to_collect)
    @rule(is_lost=st.booleans())
    def the_collector_comes_back(self, is_lost: bool) -> None:
        self.driver.collect(is_lost=is_lost)

    @rule(tags=st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple), is_hangup=st.booleans())
    def somebody_asks(self, tags: tuple[str, ...], is_hangup: bool) -> None:
        self.driver.feed(
            inputs.HangupRequested(actor=SOMEBODY) if is_hangup else inputs.UpdateRequested(actor=SOMEBODY, tags=tags)
        )

    @rule(
        kind=st.sampled_from(TransferKind),
        seat=st.sampled_from([None, *SEATS]),
        key=st.none() | st.sampled_from(["k1", "k2"]),
        recalls=st.booleans(),
        with_music=st.booleans(),
    )
    def somebody_transfers(
        self, kind: TransferKind, seat: LegRole | None, key: str | None, recalls: bool, with_music: bool
    ) -> None:
        seated = None if seat is None else self.driver.call.seats[SEATS.index(seat)]
        by = None if seated is None else seated.id
        self.driver.feed(ask_transfer(kind, by=by, key=key, recalls=recalls, with_music=with_music))

    @precondition(lambda self: self.driver.call.transfer)
    @rule(verb=st.sampled_from([CompleteTransfer(), CancelTransfer()]))
    def somebody_decides_on_the_transfer(self, verb: Verb) -> None:
        self.driver.feed(ask(verb))

    @precondition(lambda self: self.driver.call.transfer)
    @rule(answers=st.booleans(), place=st.integers(0, 3))
    def the_target_is_reached(self, answers: bool, place: int) -> None:
        """At one of its phones."""
        self.driver.hear_all()
        targets = self.driver.call.transfer.targets if self.driver.call.transfer else ()
        leg_id = targets[place % len(targets)] if targets else None
        channel = leg_id and self.driver.asterisk.channels.get(leg_id)
        if leg_id and channel and channel.stage in {Stage.DIALLED, Stage.RINGING}:
            if answers:
                self.driver.asterisk.answer(leg_id)
            else:
                self.driver.asterisk.end(leg_id, cause=17, sip_code=486)

    @rule(data=st.data(), direction=st.sampled_from(MuteDirection))
    def somebody_holds_or_mutes(self, data: st.DataObject, direction: MuteDirection) -> None:
        leg_id = data.draw(st.sampled_from([leg.id for leg in self.driver.call.legs]))
        verbs: list[Verb] = [
            Hold(leg_id=leg_id),
            Hold(),
            Unhold(leg_id=leg_id),
            Unhold(),
            Mute(leg_id=leg_id, direction=direction),
            Unmute(leg_id=leg_id, direction=direction),
            SendDtmf(leg_id=leg_id, digits="1", duration_milliseconds=80, between_milliseconds=80),
        ]
        self.driver.feed(ask(data.draw(st.sampled_from(verbs))))

    @rule(data=st.data(), kind=st.sampled_from(TransferKind))
    def the_service_dies_before_it_acts(self, data: st.DataObject, kind: TransferKind) -> None:
        leg_id = data.draw(st.sampled_from([leg.id for leg in self.driver.call.legs]))
        asked: list[Input] = [
            ask(Hold(leg_id=leg_id)),
            ask(Unhold(leg_id=leg_id)),
            ask(Mute(leg_id=leg_id)),
            ask(Unmute(leg_id=leg_id)),
            ask(CompleteTransfer()),
            ask(CancelTransfer()),
            ask_transfer(kind),
            inputs.LegAnswered(leg_id=leg_id),
        ]
        self.was_away = True
        self.driver.die_before_acting(data.draw(st.sampled_from(asked)))

    @rule(data=st.data(), is_for_all=st.booleans())
    def somebody_plays(self, data: st.DataObject, is_for_all: bool) -> None:
        leg_id = None if is_for_all else data.draw(st.sampled_from([leg.id for leg in self.driver.call.legs]))
        playback_id = PlaybackId(new_id(Kind.PLAYBACK))
        self.driver.feed(ask(Play(playback_id=playback_id, media=("sound:beep",), leg_id=leg_id)))

    @precondition(lambda self: self.driver.asterisk.playbacks)
    @rule(data=st.data(), is_asked=st.booleans())
    def a_sound_ends(self, data: st.DataObject, is_asked: bool) -> None:
        playback_id = data.draw(st.sampled_from(sorted(self.driver.asterisk.playbacks)))
        if is_asked:
            self.driver.feed(ask(StopPlayback(playback_id=playback_id)))
        else:
            self.driver.asterisk.finish_sound(playback_id)

    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=4))
    def commands_will_fail(self, fates: list[Fate]) -> None:
        self.driver.fates += fates
        self.is_blind = True
        self.is_late = self.is_late or Fate.LATE in fates

    @precondition(lambda self: self.driver.asterisk.underway)
    @rule(data=st.data())
    def a_late_request_takes_effect(self, data: st.DataObject) -> None:
        self.driver.asterisk.catch_up(data.draw(st.integers(0, len(self.driver.asterisk.underway) - 1)))

    @rule(trouble=st.sampled_from(["service", "connection", "asterisk"]))
    def something_restarts(self, trouble: str) -> None:
        self.was_away = self.was_away or trouble == "asterisk"
        match trouble:
            case "service":
                self.driver.restart_service()
            case "connection":
                self.driver.asterisk.said.clear()
                self.driver.reconcile()
            case _:
                self.driver.restart_asterisk()

    @invariant()
    def every_transfer_has_one_outcome(self) -> None:
        if hasattr(self, "driver"):
            assert_transfers_add_up(self.driver.call, self.driver.facts)

    @invariant()
    def the_longest_time_is_kept(self) -> None:
        if hasattr(self, "driver") and self.driver.call.state is CallState.CONNECTED:
            call = self.driver.call
            timer = call.timer(TimerName.MAX_DURATION)
            assert call.connected_at is not None
            assert call.is_ending or timer is not None
            assert timer is None or timer.due == call.connected_at + timedelta(seconds=call.max_duration_seconds)

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        driver = self.driver
        driver.fates.clear()
        driver.settle()
        assert_nobody_is_alone(driver.call)
        if not self.is_late:
            assert_in_place(driver)
        if self.is_blind:
            # What a lost event leaves, the next look finds.
            driver.reconcile()
            driver.settle()
        assert_nobody_is_alone(driver.call)
        assert_in_place(driver)
        assert_alive(driver)
        driver.drain()
        if self.is_blind:
            # What a lost event or an unclear command leaves, the next look finds.
            driver.hang_up_strays()
            driver.drain()
        assert driver.call.is_settled
        assert not driver.asterisk.channels
        assert not driver.asterisk.snoops
        assert not driver.call.playbacks
        assert not transfers_under_way(driver.facts)
        assert not driver.asterisk.has_bridge or self.is_blind
        _check_whole(driver.call, driver.facts)
        if not self.is_blind and not self.was_away:
            _check_true(driver)


def _check_whole(call: Call, facts: list[Fact]) -> None:
    """The facts of a call that is over, from the first to the last."""
    assert isinstance(facts[0], CallCreated)
    (ended,) = [fact for fact in facts if isinstance(fact, CallEnded)]
    assert call.sequence == len(facts)
    assert ended.cdr.disposition == ended.disposition == call.outcome
    check_sums(ended.cdr)
    started = [fact.recording_id for fact in facts if isinstance(fact, RecordingStarted)]
    settled = [fact.recording_id for fact in facts if isinstance(fact, RecordingSaved | RecordingFailed)]
    assert len(set(started)) == len(started)
    assert len(set(settled)) == len(settled)
    assert set(started) <= set(settled)


def _check_true(driver: Driver) -> None:
    """However late its events were heard, the call's instants and seconds are those that the far ends know."""
    answered, ended = driver.asterisk.answered, driver.asterisk.ended
    assert {leg.id: leg.answered_at for leg in driver.call.legs if leg.answered_at is not None} == answered
    for leg in driver.call.legs:
        # One whose channel was never asked for, since the bridge failed, ends without Asterisk's knowing; one that was
        # gone when the call heard that it is there had been dialled by then.
        known = [instant for instant in (ended.get(leg.id), leg.dialing_at) if instant is not None]
        assert leg.id not in ended or leg.ended_at == max(known)
    talked = 0.0
    if len(driver.call.legs) > 2:
        talked = driver.ended.talk_seconds
    elif len(answered) == len(driver.call.legs) > 1:
        talked = max(0.0, (min(ended.values()) - max(answered.values())).total_seconds())
    if driver.call.detects_machine and driver.call.legs[0].role is LegRole.AGENT:
        # An agent that was there first talks from the verdict on, not from the answer.
        assert driver.ended.talk_seconds <= talked + _ROUNDING
        return
    assert abs(driver.ended.talk_seconds - talked) <= _ROUNDING
    dated = [happening.at for happening in driver.log]
    assert dated == sorted(dated)


def check_sums(record: CdrRecord) -> None:
    assert min(record.ring_seconds, record.talk_seconds, record.duration_seconds) >= 0
    assert record.ring_seconds + record.talk_seconds <= record.duration_seconds + _ROUNDING
    instants = (record.created_at, record.ringing_at, record.answered_at, record.connected_at, record.ended_at)
    known = [instant for instant in instants if instant is not None]
    assert known == sorted(known)
    if record.connected_at is None:
        assert not record.talk_seconds
