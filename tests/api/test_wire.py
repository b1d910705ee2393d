"""Frames, and what waits when a client does not read."""

import asyncio
from collections.abc import Callable

import pytest
from websockets.frames import Frame, Opcode

from app.api.outbox import ClosedError, Outbox
from app.api.wire import text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_given_a_text_of_any_length_when_framed_then_it_is_what_the_library_would_write(length: int) -> None:
    payload = b"x" * length
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


class Line:
    """A socket that takes ``room`` frames and then waits for its client."""

    def __init__(self, room: int = 0) -> None:
        self.room = room
        self.is_closed = False
        self.written: list[bytes] = []
        self._listener: Callable[[], None] = lambda: None

    @property
    def is_writable(self) -> bool:
        return self.room > 0

    def on_writable(self, listener: Callable[[], None]) -> None:
        self._listener = listener

    def write(self, frame: bytes) -> None:
        self.room -= 1
        self.written.append(frame)

    def give_room(self, room: int) -> None:
        self.room = room
        self._listener()


def outbox_on(line: Line, stalls: list[str], unread_seconds: float = 60.0) -> Outbox:
    return Outbox(
        line, most_frames=3, most_bytes=10, unread_seconds=unread_seconds, on_stalled=lambda: stalls.append("stalled")
    )


async def test_given_a_full_socket_when_frames_are_offered_then_they_wait_in_order_up_to_the_bounds() -> None:
    line = Line(1)
    outbox = outbox_on(line, [])
    assert [outbox.offer(frame) for frame in (b"1", b"2", b"3", b"4", b"5")] == [True, True, True, True, False]
    assert outbox.waiting == (3, 3)
    assert outbox.offer(b"must", is_forced=True)
    line.give_room(2)
    assert line.written == [b"1", b"2", b"3"]
    assert not outbox.offer(b"123456"), "more bytes than may wait"
    line.give_room(9)
    assert line.written == [b"1", b"2", b"3", b"4", b"must"]
    assert outbox.waiting == (0, 0)


async def test_given_frames_that_wait_when_one_is_sent_then_it_comes_after_them_once_there_is_room() -> None:
    line = Line(1)
    outbox = outbox_on(line, [])
    outbox.offer(b"1")
    outbox.offer(b"2")
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        senders = [group.create_task(outbox.send(frame)) for frame in (b"3", b"4")]
        await asyncio.sleep(0)
        line.give_room(2)
        await senders[0]
        assert line.written == [b"1", b"2", b"3"]
        assert not senders[1].done()
        line.give_room(1)
    assert line.written[-1] == b"4"


async def test_given_a_client_that_reads_nothing_when_its_time_is_up_then_it_is_told_once_and_reading_begins_anew() -> (
    None
):
    line, stalls = Line(1), list[str]()
    outbox = outbox_on(line, stalls, unread_seconds=0.05)
    outbox.offer(b"1")
    line.give_room(1)  # it reads after all, in time
    await asyncio.sleep(0.1)
    assert not stalls
    outbox.offer(b"2")
    async with asyncio.timeout(60):
        while not stalls:
            await asyncio.sleep(0.01)


async def test_given_a_connection_that_is_over_when_something_is_sent_then_it_is_said_and_nobody_waits() -> None:
    line = Line(0)
    outbox = outbox_on(line, [])
    outbox.offer(b"1")
    sender = asyncio.ensure_future(outbox.send(b"2"))
    await asyncio.sleep(0)
    outbox.close()
    with pytest.raises(ClosedError):
        await sender
    with pytest.raises(ClosedError):
        await outbox.send(b"3")
    assert outbox.offer(b"4")
    assert (line.written, outbox.waiting) == ([], (0, 0))
