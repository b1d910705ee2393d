"""Several phones for each party, or for the target of a transfer: one of them at most is the party."""

import hypothesis.strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import inputs
from app.calls.core.model.leg import Place
from app.facts.calls import LegAnswered, LegEnded
from app.facts.transfers import TransferCompleted
from app.facts.vocabulary import CallState, LegRole, LegState, RecordingMode, TransferKind
from tests.calls.any_order import SEATS, AnyOrder
from tests.calls.asking import ask_transfer
from tests.calls.driving import Driver
from tests.calls.making import make_call
from tests.calls.simulated_asterisk import Stage

#: The wave of each phone of a party.
WAVES = st.lists(st.integers(0, 2), min_size=1, max_size=4).map(sorted).map(tuple)


class AnyWaves(AnyOrder):
    """Each side has any number of phones, in any waves; from there on everything may happen, in any order."""

    @initialize(
        dial_first=st.sampled_from(SEATS),
        mode=st.sampled_from([RecordingMode.OFF, RecordingMode.BOTH]),
        agents=WAVES,
        customers=WAVES,
        head_start=st.integers(0, 6),
    )
    def begin(
        self,
        dial_first: LegRole,
        mode: RecordingMode,
        agents: tuple[int, ...],
        customers: tuple[int, ...],
        head_start: int,
    ) -> None:
        call = make_call(dial_first=dial_first, recording_mode=mode, agent_waves=agents, customer_waves=customers)
        self.driver = Driver(call)
        self.driver.feed(inputs.Start())
        for _ in range(head_start):
            self.driver.go_on()

    @precondition(lambda self: self.driver.call.state is CallState.CONNECTED and not self.driver.call.is_ending)
    @rule(kind=st.sampled_from(TransferKind), waves=WAVES, recalls=st.booleans(), with_music=st.booleans())
    def somebody_transfers_to_several(
        self, kind: TransferKind, waves: tuple[int, ...], recalls: bool, with_music: bool
    ) -> None:
        self.driver.feed(ask_transfer(kind, waves=waves, recalls=recalls, with_music=with_music))

    @precondition(lambda self: self.driver.asterisk.channels)
    @rule(data=st.data())
    def all_phones_that_ring_do_the_same(self, data: st.DataObject) -> None:
        asterisk = self.driver.asterisk
        answers = data.draw(st.booleans())
        for leg_id, channel in list(asterisk.channels.items()):
            if channel.stage in {Stage.DIALLED, Stage.RINGING}:
                if answers:
                    asterisk.answer(leg_id)
                else:
                    asterisk.end(leg_id, cause=17, sip_code=486)

    @invariant()
    def nobody_is_put_into_the_talk_beside_the_party(self) -> None:
        if not hasattr(self, "driver"):
            return
        call = self.driver.call
        for leg in call.legs:
            is_party = leg.id in {call.agent_leg_id, call.customer_leg_id}
            is_target = call.transfer is not None and leg.id in call.transfer.targets
            if leg.state is LegState.UP and not leg.is_leaving and not call.is_ending:
                assert is_party or is_target or (call.transfer is not None and leg.id == call.transfer.by)

    @invariant()
    def whoever_hears_ringing_waits_for_several_phones(self) -> None:
        if not hasattr(self, "driver") or self.driver.call.is_ending:
            return
        call = self.driver.call
        waiting = [leg for leg in call.legs if leg.place is Place.RINGBACK and not leg.is_leaving]
        if any(leg.state is LegState.UP for leg in waiting):
            waves = [call.wave_of(leg) for leg in call.legs if leg.is_alive and leg.state is not LegState.UP]
            assert any(len(wave) > 1 for wave in waves)

    def teardown(self) -> None:
        super().teardown()
        if not hasattr(self, "driver"):
            return
        facts = self.driver.facts
        ends = {fact.leg.id: fact for fact in facts if isinstance(fact, LegEnded)}
        answered = {fact.leg.id for fact in facts if isinstance(fact, LegAnswered)}
        completed = {fact.leg.id for fact in facts if isinstance(fact, TransferCompleted) and fact.leg is not None}
        call = self.driver.call
        for leg in call.legs:
            if leg.id in ends and ends[leg.id].answered_elsewhere:
                assert leg.id not in {call.agent_leg_id, call.customer_leg_id} | completed
                others = {one.id for one in call.legs if one.role is leg.role} - {leg.id}
                assert answered & others, "somebody else has answered"
