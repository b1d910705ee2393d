"""Of those who place a call with one key at the same time, who comes second learns what came of the first."""

import asyncio

from app.calls.asking.placings import Placings
from app.calls.keeping.keys import KeyClaim, KeyHolder

CLAIM = KeyClaim("acc_1", "originateCall", "key", b"", "call_1")
HOLDER = KeyHolder(b"", "call_1")


class Shelf:
    """A store of which a test says whose the key is."""

    def __init__(self) -> None:
        self.holder: KeyHolder | None = None
        self.asked = 0

    async def find_key(self, _account_id: str, _mutation: str, _key: str) -> KeyHolder | None:
        self.asked += 1
        return self.holder


async def test_given_another_who_places_with_the_key_when_the_first_is_asked_for_then_its_call_is_waited_for() -> None:
    shelf = Shelf()
    placings = Placings(shelf)  # type: ignore[arg-type]  # all that is asked of it
    with placings.placing(CLAIM):
        second = asyncio.create_task(placings.find_first(CLAIM, 60.0))
        for _ in range(5):
            await asyncio.sleep(0)
        assert (second.done(), shelf.asked) == (False, 0)
        shelf.holder = HOLDER
    assert await second == HOLDER


async def test_given_two_who_are_both_refused_when_they_ask_for_the_first_then_neither_waits_for_the_other() -> None:
    placings = Placings(Shelf())  # type: ignore[arg-type]  # all that is asked of it

    async def be_refused() -> KeyHolder | None:
        with placings.placing(CLAIM) as is_over:
            await asyncio.sleep(0)
            is_over.set()
            return await placings.find_first(CLAIM, 60.0)

    async with asyncio.timeout(10):
        assert set(await asyncio.gather(be_refused(), be_refused())) == {None}


async def test_given_another_who_takes_too_long_when_the_first_is_asked_for_then_it_is_looked_up_all_the_same() -> None:
    shelf = Shelf()
    placings = Placings(shelf)  # type: ignore[arg-type]  # all that is asked of it
    with placings.placing(CLAIM):
        assert await placings.find_first(CLAIM, 0.01) is None
    assert shelf.asked == 1
