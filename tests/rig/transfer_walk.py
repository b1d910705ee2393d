"""A random walk through docs/reference/transfers.md on a real Asterisk: three parties far away do what a seed says.

Each step is a row of the page's table: what happens, how the transfer is to come out, and who is with whom then. A call
that goes on is transferred again, or hung up.
"""

import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.calls.core.verbs import CancelTransfer, CompleteTransfer, Hold, StartTransfer, Target, Unhold, Verb
from app.errors import RefusedError
from app.facts.vocabulary import LegRole, TransferKind
from app.ids import LegId
from tests.rig.desk import Desk, Fact, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.page_tables import Row, read_tables
from tests.rig.story import assert_is_whole

_numbers = itertools.count(1)
_ROWS = read_tables(Path(__file__).parents[2] / "docs" / "reference" / "transfers.md")["while|what happens"]
_NOTHING = "–"
_WITHOUT_RECALL = ", without recall"
_OUTCOMES = {"transfer.completed": "completed", "transfer.cancelled": "cancelled", "transfer.failed": "failed"}
#: What cannot be had from outside, or lasts too long: the pure tests have it.
_LEFT_OUT = frozenset(
    {
        "target cannot be dialled",
        "target cannot join",
        "maxDurationSeconds is over",
        "Asterisk starts anew",
        "transferor never answers",
    }
)
_TIMED = {"target never answers", "consultSeconds are over"}
_SHORT_SECONDS = 2.0
_MOST_STEPS = 5
_GOES_ON = {"goes on", "refused"}


def _rows_of(state: str, *, is_short: bool, recalls: bool) -> list[Row]:
    """What may happen there: with short times they run out, and without they do not."""
    found = [row for row in _ROWS if row["while"] == state and _happens(row) not in _LEFT_OUT]
    found = [row for row in found if _fits(row, recalls=recalls)]
    if not is_short:
        return [row for row in found if _happens(row) not in _TIMED]
    wanted = _TIMED if state != "ATTENDED, target rings" else {*_TIMED, "target answers"}
    return [row for row in found if _happens(row) in wanted] or found


def _happens(row: Row) -> str:
    """What happens in a row, with or without a recall after it."""
    return row["what happens"].removesuffix(_WITHOUT_RECALL)


def _fits(row: Row, *, recalls: bool) -> bool:
    """Where nobody is to be called back, only what is taken back leads to that."""
    if row["what happens"].endswith(_WITHOUT_RECALL):
        return not recalls
    return recalls or row["then"] != "transferor is called back" or row["what happens"] == "cancelTransfer"


@dataclass
class TransferWalk:
    """One call and whoever takes part. ``steps`` are the rows it went through, as a failure tells them."""

    desk: Desk
    far_end: FarEnd
    seed: int
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._id = ""
        self._seats: dict[LegRole, FarEndCall] = {}
        self._by = LegRole.AGENT
        self._recalls_so_far = 0
        self._expected: list[str] = []
        self._everybody: list[FarEndCall] = []
        self._recalls = True
        self._is_short = False
        self._state = "talk"
        self._end: tuple[str, str] | None = None
        self._target: FarEndCall | None = None

    async def run(self) -> Story:
        """Walk to the end; gives the story, of which all that holds of every call was asserted."""
        try:
            return await self._run()
        except (AssertionError, RefusedError) as error:
            raise AssertionError(f"walk with seed {self.seed}, after {self.steps}: {error}") from error

    async def _run(self) -> Story:
        agent_number, customer_number = self._number(), self._number()
        placed = await self.desk.place_call(customer_number, connect_number=agent_number, trunk="farend")
        self._id = placed.id
        agent = await self._pick_up(agent_number)
        customer = await self._pick_up(customer_number)
        await self.desk.wait_for(self._id, "call.connected")
        self._seats = {LegRole.AGENT: agent, LegRole.CUSTOMER: customer}
        while self._end is None:
            if len(self.steps) >= _MOST_STEPS:
                await self._hang_up()
            elif self._state == "talk":
                await self._transfer()
            else:
                await self._step()
        return await self._check_end()

    async def _pick_up(self, number: str) -> FarEndCall:
        call = await self._expect(number)
        await call.answer()
        await self._leg_is(number, "leg.answered")
        return call

    async def _expect(self, number: str) -> FarEndCall:
        call = await self.far_end.expect_call(number)
        self._everybody.append(call)
        return call

    async def _transfer(self) -> None:
        rng = self._rng
        by = rng.choice(list(self._seats))
        self._by = by
        kind = rng.choice(list(TransferKind))
        self._recalls = rng.random() < 0.7
        self._is_short = rng.random() < 0.2
        number = self._number()
        self.steps.append(f"{kind} by {by}{'' if self._recalls else ', without recall'}")
        await self._ask(
            StartTransfer(
                idempotency_key=f"walk-{self._id}-{len(self.steps)}",
                kind=kind,
                target=Target(number=number),
                by=None if by is LegRole.AGENT and rng.random() < 0.5 else self._leg(self._transferor),
                ring_seconds=_SHORT_SECONDS if self._is_short and kind is TransferKind.BLIND else None,
                consult_seconds=_SHORT_SECONDS if self._is_short else None,
                recalls=self._recalls,
                with_music=rng.random() < 0.5,
            )
        )
        self._target = await self._expect(number)
        await self._target.ring()
        await self._leg_is(number, "leg.ringing")
        self._state = "ATTENDED, target rings"
        if kind is TransferKind.BLIND:
            await self._go_blind()

    async def _go_blind(self) -> None:
        await self._transferor.wait_until_ended()
        await self._leg_is(self._transferor.dialled, "leg.ended")
        self._state = "BLIND, transferor gone"

    async def _step(self) -> None:
        row = self._rng.choice(_rows_of(self._state, is_short=self._is_short, recalls=self._recalls))
        self.steps.append(f"{row['while']}: {row['what happens']}")
        refusal = await self._happen(_happens(row))
        assert refusal == (row["code"] if row["then"] == "refused" else None)
        if row["the transfer"] != _NOTHING:
            self._expected.append(row["the transfer"])
            await self._wait_for_outcomes()
        await self._follow(row)

    async def _happen(self, what: str) -> str | None:
        """Let it happen; gives the state that is in the way, when it was refused."""
        target = self._target
        assert target is not None
        verbs: dict[str, tuple[Verb, ...]] = {
            "completeTransfer": (CompleteTransfer(),),
            "cancelTransfer": (CancelTransfer(),),
            "transferCall": (
                StartTransfer(
                    idempotency_key=f"again-{self._id}-{len(self.steps)}",
                    kind=TransferKind.BLIND,
                    target=Target(number=self._number()),
                ),
            ),
            "holdCall of the transferee": (Hold(leg_id=self._leg(self._transferee)),),
            "unholdCall of the transferee": (Unhold(leg_id=self._leg(self._transferee)),),
            "holdCall, then unholdCall of the transferee": (
                Hold(leg_id=self._leg(self._transferee)),
                Unhold(leg_id=self._leg(self._transferee)),
            ),
            "holdCall of the transferor": (Hold(leg_id=self._leg(self._transferor)),),
        }
        moves: dict[str, Callable[[], Awaitable[object]]] = {
            "target answers": target.answer,
            "target is busy": lambda: target.reject(486),
            "target refuses": lambda: target.reject(603),
            "target never answers": target.wait_until_ended,
            "target hangs up": target.hang_up,
            "transferor answers": target.answer,
            "transferor is busy": lambda: target.reject(486),
            "transferor hangs up": self._transferor.hang_up,
            "transferee hangs up": self._transferee.hang_up,
            "consultSeconds are over": target.wait_until_ended,
            "hangupCall": lambda: self.desk.hang_up(self._id),
        }
        if what in moves:
            await moves[what]()
            return None
        try:
            for verb in verbs[what]:
                await self._ask(verb)
        except RefusedError as refused:
            (problem,) = refused.problems
            assert problem.code == "INVALID_STATE"
            return problem.current_state
        return None

    async def _follow(self, row: Row) -> None:
        """Come to where the row leads."""
        assert self._target is not None
        match row["then"]:
            case "transferor and target consult":
                await self._leg_is(self._target.dialled, "leg.answered")
                self._state = "ATTENDED, they consult"
            case "transferee and target talk":
                await self._transferor.wait_until_ended()
                self._seats[self._by] = self._target
                self._state = "talk"
            case "transferor and transferee talk":
                if self._state == "transferor is called back":
                    await self._leg_is(self._target.dialled, "leg.answered", number_of_leg=self._recalls_so_far)
                    self._seats[self._by] = self._target
                else:
                    await self._target.wait_until_ended()
                self._state = "talk"
            case "transferor is called back":
                number = self._transferor.dialled
                self._target = await self._expect(number)
                await self._target.ring()
                self._recalls_so_far = sum(call.dialled == number for call in self._everybody)
                await self._leg_is(number, "leg.ringing", number_of_leg=self._recalls_so_far)
                self._state = "transferor is called back"
            case "goes on as BLIND":
                await self._go_blind()
            case "the call ends":
                roles = [role for role in self._seats if role is not self._by]
                self._end = (row["code"], roles[0].value if row["party"] == "transferee" else row["party"])
            case then:
                assert then in _GOES_ON

    async def _hang_up(self) -> None:
        """Enough: somebody ends it."""
        who = self._rng.choice([None, *self._seats]) if self._state == "talk" else None
        self.steps.append(f"{who or 'the API'} hangs up")
        if self._state not in {"talk", "transferor is called back"}:
            self._expected.append("cancelled")
        if who is None:
            await self.desk.hang_up(self._id)
            self._end = ("API_HANGUP", "SYSTEM")
        else:
            await self._seats[who].hang_up()
            self._end = ("HANGUP", who.value)

    async def _check_end(self) -> Story:
        story = await self.desk.wait_for_end(self._id)
        assert (story.disposition, story.end) == ("ANSWERED", self._end)
        assert self._outcomes(list(story.facts)) == self._expected
        assert story.types.count("transfer.started") == len(self._expected)
        for call in self._everybody:
            await call.wait_until_ended()
        await assert_is_whole(self.desk, story)
        dialled = [fact.body["leg"]["id"] for fact in story.all_of("leg.dialing")]
        assert len(dialled) == len(set(dialled)) == len(self._everybody)
        return story

    @property
    def _transferor(self) -> FarEndCall:
        return self._seats[self._by]

    @property
    def _transferee(self) -> FarEndCall:
        return next(call for role, call in self._seats.items() if role is not self._by)

    def _number(self) -> str:
        return f"+1555012{next(_numbers) % 10_000:04d}"  # each its own, so that the far end can tell them

    async def _ask(self, verb: Verb) -> None:
        await self.desk.act(self._id, verb)

    def _leg(self, call: FarEndCall) -> LegId:
        """The (last) leg to this number."""
        told = [fact for fact in self.desk.heard(self._id) if _number_of(fact) == call.dialled]
        return LegId(told[-1].body["leg"]["id"])

    async def _leg_is(self, number: str, type_name: str, *, number_of_leg: int = 1) -> None:
        """Wait until the so-manieth leg to this number is told to have come so far."""

        def is_told(facts: list[Fact]) -> bool:
            of_number = [fact for fact in facts if _number_of(fact) == number]
            legs = [fact.body["leg"]["id"] for fact in of_number if fact.type == "leg.dialing"]
            told = [fact.body["leg"]["id"] for fact in of_number if fact.type == type_name]
            return len(legs) >= number_of_leg and legs[number_of_leg - 1] in told

        await self.desk.wait_until(self._id, is_told, what=f"{type_name} of leg {number_of_leg} to {number}")

    async def _wait_for_outcomes(self) -> None:
        wanted = len(self._expected)
        facts = await self.desk.wait_until(
            self._id, lambda facts: len(self._outcomes(facts)) >= wanted, what=f"outcome {self._expected[-1]}"
        )
        assert self._outcomes(facts) == self._expected

    @staticmethod
    def _outcomes(facts: list[Fact]) -> list[str]:
        found = [fact for fact in facts if fact.type in _OUTCOMES]
        return [
            f"failed: {fact.body['disposition']}" if fact.type == "transfer.failed" else _OUTCOMES[fact.type]
            for fact in found
        ]


def _number_of(fact: Fact) -> str | None:
    leg = fact.body.get("leg")
    return leg["party"].get("number") if leg else None
