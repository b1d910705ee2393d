"""What waits on its way to a leg: no more than Asterisk can keep, in order, and forgotten at once when cleared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.listening import MOST_SECONDS_BEHIND, Listening
from app.media.model import Sound
from app.media.playout import FRAMES_PER_MESSAGE, MOST_MARKS, Playout, SetMark, TooManyMarksError

SOUND = Sound(8000)
FRAME = SOUND.frame_bytes


def _audio(out: list[object]) -> bytes:
    return b"".join(one for one in out if isinstance(one, bytes))


def _marks(out: list[object]) -> list[int]:
    return [one.number for one in out if isinstance(one, SetMark)]


def _played_out(playout: Playout, most: int = 10_000) -> bytes:
    """All that comes out while Asterisk plays whatever it is given."""
    heard, rounds = b"", 0
    while rounds < most:
        out: list[object] = list(playout.next())
        if not out:
            return heard
        heard += _audio(out)
        for number in _marks(out):
            playout.reach(number)
        rounds += 1
    raise AssertionError("it never comes to an end")


def test_given_a_frame_of_either_rate_when_measured_then_it_is_twenty_milliseconds_of_sixteen_bits() -> None:
    assert (Sound(8000).frame_bytes, Sound(16000).frame_bytes) == (320, 640)
    assert Sound(16000).bytes_per_second == 32_000


@given(pieces=st.lists(st.binary(min_size=1, max_size=3000), max_size=30))
def test_given_sound_in_pieces_of_any_length_when_played_out_then_it_is_the_same_to_the_last_whole_frame(
    pieces: list[bytes],
) -> None:
    playout = Playout(SOUND)
    assert [playout.take(piece) for piece in pieces] == [0] * len(pieces)
    whole = b"".join(pieces)
    assert _played_out(playout) == whole[: len(whole) // FRAME * FRAME]


def test_given_a_long_speech_when_sent_then_asterisk_never_has_more_than_a_window_and_gets_the_rest_as_it_plays() -> (
    None
):
    playout = Playout(SOUND, window_frames=100)
    assert playout.take(bytes(FRAME * 400)) == 0
    first: list[object] = list(playout.next())
    assert len(_audio(first)) == 100 * FRAME
    assert max(len(one) for one in first if isinstance(one, bytes)) == FRAMES_PER_MESSAGE * FRAME
    assert playout.next() == []
    playout.reach(_marks(first)[0])
    more: list[object] = list(playout.next())
    assert 0 < len(_audio(more)) <= 100 * FRAME
    assert len(_audio(first)) + len(_audio(more)) + len(_played_out(playout)) <= 400 * FRAME


def test_given_more_than_is_kept_when_taken_then_the_surplus_is_dropped_and_said_in_milliseconds() -> None:
    playout = Playout(SOUND, most_frames=50)
    assert playout.take(bytes(FRAME * 60)) == 200
    assert playout.dropped_frames == 10
    assert playout.take(bytes(FRAME)) == 20
    assert len(_played_out(playout)) == 50 * FRAME
    assert playout.take(bytes(FRAME)) == 0


def test_given_marks_between_sounds_when_got_to_then_each_is_told_by_its_name_in_its_place() -> None:
    playout = Playout(SOUND)
    playout.take(bytes(FRAME + 10))
    playout.set_mark("one")
    playout.set_mark("two")
    playout.take(bytes(FRAME))
    out: list[object] = list(playout.next())
    assert [len(one) if isinstance(one, bytes) else "mark" for one in out] == [FRAME, FRAME, "mark", "mark", FRAME]
    assert [playout.reach(number) for number in _marks(out)] == ["one", "two"]
    assert [playout.reach(number) for number in _marks(out)] == [None, None], "each once"


def test_given_marks_here_and_in_asterisk_when_cleared_then_all_are_named_in_order_and_what_follows_goes_at_once() -> (
    None
):
    playout = Playout(SOUND, window_frames=100, most_frames=250)
    playout.take(bytes(FRAME * 50))
    playout.set_mark("there")
    playout.take(bytes(FRAME * 200))
    playout.set_mark("here")
    out: list[object] = list(playout.next())
    assert playout.clear() == ["there", "here"]
    assert [playout.reach(number) for number in _marks(out)] == [None] * len(_marks(out))
    assert playout.take(b"\x01" * FRAME * 250) == 0, "nothing waits any more"
    assert _audio(list(playout.next())) == b"\x01" * FRAME * 100


def test_given_half_a_frame_when_cleared_then_it_is_not_the_beginning_of_what_follows() -> None:
    playout = Playout(SOUND)
    playout.take(b"\x01" * 100)
    playout.clear()
    playout.take(b"\x02" * FRAME)
    assert _audio(list(playout.next())) == b"\x02" * FRAME


def test_given_marks_without_end_when_set_then_it_is_too_many() -> None:
    playout = Playout(SOUND)
    for _ in range(MOST_MARKS):
        playout.set_mark("x")
    with pytest.raises(TooManyMarksError):
        playout.set_mark("x")
    for number in _marks(list(playout.next())):
        playout.reach(number)
    playout.set_mark("x")


def test_given_a_program_that_does_not_read_when_it_is_far_behind_then_frames_are_dropped_until_it_has_caught_up() -> (
    None
):
    listening = Listening(SOUND)
    most = int(SOUND.bytes_per_second * MOST_SECONDS_BEHIND)
    assert listening.may_send(most)
    assert listening.take_gap() == 0
    assert [listening.may_send(size) for size in (most + 1, most, most // 2 + 1)] == [False] * 3
    assert listening.may_send(most // 2)
    assert listening.take_gap() == 60
    assert listening.take_gap() == 0
    assert listening.may_send(most)
