"""What holds of a call whenever nothing is on its way any more: nobody is alone, and everybody is where they belong."""

from collections import Counter
from collections.abc import Iterable

from app.calls.core.model.call import Call
from app.calls.core.model.guests import TapKind
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.purpose import is_guest
from app.facts.calls import Fact
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed, TransferStarted
from app.facts.vocabulary import CallState, LegState, SupervisionMode, SupervisionState, TransferKind, TransferState
from tests.calls.driving import Driver

_RINGS = (TimerName.SETUP, TimerName.DIAL_CHECK, TimerName.RING)


def assert_nobody_is_alone(call: Call) -> None:
    """Every living leg of a connected call has somebody to talk to, or a timer that sees to it."""
    if call.is_ending or call.state is not CallState.CONNECTED:
        return
    assert call.timer(TimerName.MAX_DURATION), "whatever happens, it ends one day"
    alive = [leg for leg in call.legs if leg.is_alive]
    leaving = [leg for leg in alive if leg.is_leaving]
    assert not leaving or call.timer(TimerName.RELEASE), "who was let go is asked to go until it is gone"
    # Who was called to the talk of others is nobody that a party may be left with.
    staying = {leg.id for leg in alive if not leg.is_leaving and not is_guest(leg)}
    transfer = call.transfer
    if transfer is None:
        agent, customer = call.seats
        assert agent is not None
        assert customer is not None
        assert staying == {agent.id, customer.id}
        assert agent.state is customer.state is LegState.UP
        return
    if transfer.state is TransferState.DIALING and transfer.target is None:
        assert any(call.timer(name) for name in (TimerName.CONSULT, TimerName.REFER)), "nobody is looked up for ever"
        assert transfer.is_referred or call.leg(transfer.by).is_leaving or not call.leg(transfer.by).is_alive
        assert staying <= {transfer.transferee, transfer.by}
        assert call.leg(transfer.transferee).state is LegState.UP
        return
    assert transfer.target is not None, "who waits in a queue is in no talk"
    target = call.leg(transfer.target)
    assert call.leg(transfer.transferee).state is LegState.UP
    assert target.is_alive
    if transfer.state is TransferState.CONSULTING:
        assert target.state is LegState.UP
        assert call.timer(TimerName.CONSULT), "a consultation ends"
    else:
        assert target.is_leaving or any(call.timer(name) for name in _RINGS), "a phone does not ring for ever"
    expected = {transfer.transferee, *(leg_id for leg_id in transfer.targets if call.leg(leg_id).is_alive)}
    if transfer.kind is TransferKind.ATTENDED:
        expected.add(transfer.by)
    assert staying == expected - {leg.id for leg in leaving}


def assert_in_place(driver: Driver) -> None:
    """Asterisk has each party that is up where it belongs, with what it should hear."""
    call = driver.call
    if call.is_ending:
        return
    for leg in call.legs:
        if leg.state is not LegState.UP or leg.is_leaving or leg.place is Place.NOWHERE:
            continue
        channel = driver.asterisk.channels.get(leg.id)
        if channel is not None:
            assert channel.is_bridged is (leg.place is Place.TALK), f"{leg.role} {leg.place}"
            assert channel.has_music is leg.is_on_hold, f"{leg.role} {leg.place}"
            assert channel.has_ringback is (leg.place is Place.RINGBACK), f"{leg.role} {leg.place}"
            assert channel.muted is leg.muted


def assert_streamed(driver: Driver) -> None:
    """A leg with a program is with it, and with nobody else; nobody else is; and nothing is left of any other."""
    call = driver.call
    if call.is_ending:
        assert not call.media_streams
        assert not driver.asterisk.streams
        return
    assert set(driver.asterisk.streams) <= {one.id for one in call.media_streams}
    assert call.timer(TimerName.STREAM) or not [one for one in call.media_streams if one.connected_at is None]
    for leg in call.legs:
        if leg.state is not LegState.UP or leg.is_leaving:
            continue
        stream, channel = call.stream_on(leg.id), driver.asterisk.channels.get(leg.id)
        assert (leg.place is Place.STREAM) is (stream is not None and stream.connected_at is not None)
        if channel is not None:
            assert channel.stream_id == (stream.id if leg.place is Place.STREAM and stream is not None else None)


def assert_supervised(driver: Driver) -> None:
    """Every supervisor who is let in hears, and speaks to those only that the mode says."""
    call = driver.call
    agent = call.seats[0]
    for one in call.supervisions if not call.is_ending else ():
        leg = call.leg(one.leg_id)
        if one.state is SupervisionState.RINGING or leg.id not in driver.asterisk.channels:
            continue
        if agent is None or agent.state is not LegState.UP or agent.is_leaving:
            assert one.state is SupervisionState.JOINING, "there is nobody to listen to"
            continue
        assert one.state is SupervisionState.ACTIVE
        assert one.listens_to == agent.id
        if agent.id in driver.asterisk.channels:
            ear, mouth, *others = (driver.asterisk.taps[one.id, one.taps, kind] for kind in TapKind)
            assert (ear.leg_id, mouth.leg_id, *(tap.leg_id for tap in others)) == (agent.id, leg.id, agent.id, agent.id)
            assert all(tap.is_placed for tap in (ear, mouth, *others))
            assert ear.is_muted is (one.mode is not SupervisionMode.WHISPER)
            assert mouth.is_muted is (one.mode is not SupervisionMode.BARGE)


def assert_alive(driver: Driver) -> None:
    """Whom the call takes for there, Asterisk has."""
    there = {leg.id for leg in driver.call.legs if leg.is_alive and leg.state is not LegState.CREATING}
    assert there <= set(driver.asterisk.channels)


def transfers_under_way(facts: Iterable[Fact]) -> set[str]:
    """The transfers that have begun and not come out; each begins once, and comes out once."""
    began: list[str] = []
    came_out: Counter[str] = Counter()
    for fact in facts:
        match fact:
            case TransferStarted():
                began.append(fact.transfer_id)
            case TransferCompleted() | TransferCancelled() | TransferFailed():
                assert fact.transfer_id in began
                came_out[fact.transfer_id] += 1
            case _:
                pass
    assert len(set(began)) == len(began)
    assert all(times == 1 for times in came_out.values())
    return set(began) - set(came_out)


def assert_transfers_add_up(call: Call, facts: Iterable[Fact]) -> None:
    """What is told of transfers is what the call has: one under way at most, and every other with one outcome."""
    under_way = transfers_under_way(facts)
    transfer = call.transfer
    is_open = transfer is not None and transfer.state is not TransferState.RECALLING
    assert under_way == ({transfer.id} if transfer is not None and is_open else set())


def living(call: Call) -> list[Leg]:
    """The legs that have, or may have, a channel."""
    return [leg for leg in call.legs if leg.is_alive]
