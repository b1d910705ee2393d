"""Whatever happens while telephones and devices transfer by REFER: every transfer comes out once, nobody is alone."""

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, precondition, rule

from app.calls.core import inputs
from app.facts.vocabulary import CallState, LegRole, LegState, RecordingMode
from tests.calls.any_order import SEATS, AnyOrder
from tests.calls.any_waves import WAVES
from tests.calls.asking_refer import link, refer_aimed, refer_asked, refer_refused, tell_device
from tests.calls.driving import Driver
from tests.calls.making import make_call


class AnyRefer(AnyOrder):
    """Two parties behind trunks talk, and from there on everything may happen."""

    @initialize(dial_first=st.sampled_from(SEATS), mode=st.sampled_from([RecordingMode.OFF, RecordingMode.BOTH]))
    def begin(self, dial_first: LegRole, mode: RecordingMode) -> None:
        call = make_call(dial_first=dial_first, recording_mode=mode)
        legs = tuple(msgspec.structs.replace(leg, trunk_id="trunk_1") for leg in call.legs)
        self.driver = Driver(msgspec.structs.replace(call, legs=legs))
        self.driver.feed(inputs.Start())
        self.driver.go_on_until(CallState.CONNECTED)

    @rule(seat=st.sampled_from(SEATS), is_hanging_up=st.booleans())
    def a_phone_transfers_blind(self, seat: LegRole, is_hanging_up: bool) -> None:
        driver = self.driver
        leg = driver.call.leg_of(seat)
        channel = driver.asterisk.channels.get(leg.id)
        if channel is None or leg.state is not LegState.UP or not channel.is_bridged:
            return
        channel.is_bridged = False
        driver.feed(refer_asked(leg))
        if is_hanging_up and leg.id in driver.asterisk.channels:
            driver.asterisk.end(leg.id)

    @precondition(lambda self: self.driver.call.transfer)
    @rule(waves=WAVES, is_refused=st.booleans())
    def what_it_dialled_is_looked_up(self, waves: tuple[int, ...], is_refused: bool) -> None:
        transfer = self.driver.call.transfer
        if transfer is not None:
            found = refer_refused(transfer.id) if is_refused else refer_aimed(transfer.id, waves=waves)
            self.driver.feed(found)

    @rule(seat=st.sampled_from(SEATS))
    def a_phone_puts_two_calls_together(self, seat: LegRole) -> None:
        driver = self.driver
        leg = driver.call.leg_of(seat)
        channel = driver.asterisk.channels.get(leg.id)
        if channel is None or leg.state is not LegState.UP or not channel.is_bridged:
            return
        linked = link(leg)
        driver.asterisk.replace(leg.id, linked.link_leg_id)
        if driver.feed(linked).problems:
            del driver.asterisk.channels[linked.link_leg_id], driver.asterisk.answered[linked.link_leg_id]
            driver.feed(inputs.LegMisplaced(leg_id=leg.id))

    @rule(seat=st.sampled_from(SEATS), recalls=st.booleans())
    def somebody_has_a_device_told(self, seat: LegRole, recalls: bool) -> None:
        self.driver.feed(tell_device(seat, call=self.driver.call, recalls=recalls))

    @precondition(lambda self: any(one.is_away for one in self.driver.asterisk.channels.values()))
    @rule(said=st.sampled_from([{"is_done": True}, {"sip_code": 486}, {"is_timed_out": True}]))
    def the_device_says_how_it_came_out(self, said: dict[str, int | bool]) -> None:
        asterisk = self.driver.asterisk
        asterisk.give_back(next(leg_id for leg_id, one in asterisk.channels.items() if one.is_away), **said)


TestAnyRefer = AnyRefer.TestCase
TestAnyRefer.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
