"""An office at the far end whose extensions have phones: who rings there, who is told it was answered elsewhere."""

from dataclasses import dataclass

from app.accounts.audit import AuditLog
from app.facts.vocabulary import LegRole
from app.routing.model import RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.targets import CallTarget
from app.routing.words import RingStrategy
from app.secrets.sealing import Sealer
from tests.rig.audio import Sound
from tests.rig.desk import Desk, PlacedCall, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_PHONES
from tests.rig.service import RunningOffhook

CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550116001", 1000
PHONE_HERTZ = 700
#: Of extension 3001.
PHONES = ("300101", "300102", "300103")
#: The cause that a phone is told when another has answered.
ANSWERED_ELSEWHERE = 26
LISTEN_SECONDS = 1.5
LOUD_DBFS = -30.0


@dataclass(slots=True)
class Office:
    """Extension 3001 with three phones, 3002 and 3003 with one each, all at the far end; and those who call them."""

    desk: Desk
    far_end: FarEnd
    offhook: RunningOffhook
    extensions: dict[str, str]

    async def call(self, *, first: LegRole = LegRole.AGENT, ring_seconds: float | None = None) -> PlacedCall:
        return await self.desk.place_call(
            CUSTOMER_NUMBER, connect="3001", trunk="farend", first=first, agent_ring_seconds=ring_seconds
        )

    async def group(self, strategy: RingStrategy, *, ring_seconds: float, overflow: CallTarget | None = None) -> str:
        """A ring group of 3001, 3002 and 3003; gives its id."""
        database = self.offhook.service.database
        routing = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
        members = [RingGroupMember(agent_id=None, extension_id=one) for one in self.extensions.values()]
        made = await routing.ring_groups.create(
            self.offhook.principal,
            {
                "name": "Office",
                "strategy": strategy,
                "ring_seconds": ring_seconds,
                "members": members,
                "overflow": overflow,
            },
        )
        return made.id

    async def call_group(self, group_id: str, *, first: LegRole = LegRole.AGENT) -> PlacedCall:
        return await self.desk.place_call(
            CUSTOMER_NUMBER, connect=None, connect_ring_group_id=group_id, trunk="farend", first=first
        )

    async def phones(self, *, say_so: bool = True) -> tuple[FarEndCall, FarEndCall, FarEndCall]:
        """The three, all called; ``say_so``: each says that it rings."""
        one, two, three = [await self.far_end.expect_call(number) for number in PHONES]
        for phone in (one, two, three) if say_so else ():
            await phone.ring()
        return one, two, three

    async def customer(self) -> FarEndCall:
        return await self.far_end.expect_call(CUSTOMER_NUMBER)


async def furnish(offhook: RunningOffhook, desk: Desk, far_end: FarEnd) -> Office:
    """An office in which everybody sits, and nobody is called yet."""
    database, account = offhook.service.database, offhook.principal.account_id
    routing = Routing(database, AuditLog(database))
    extensions: dict[str, str] = {}
    endpoints: list[str] = []
    for number, name, phones in (("3001", "Olive Office", 3), ("3002", "Paul Porter", 1), ("3003", "Rita Reed", 1)):
        extension = await routing.create_extension(account, number)
        await routing.create_agent(account, name, extension_id=extension.id)
        endpoints += [(await routing.create_device(account, extension.id)).endpoint for _ in range(phones)]
        extensions[number] = extension.id
    assert endpoints == list(FAR_PHONES)
    return Office(desk, far_end, offhook, extensions)


async def assert_talk(one: FarEndCall, other: FarEndCall) -> None:
    """Each hears the other."""
    async with one.playing_tone(PHONE_HERTZ), other.playing_tone(CUSTOMER_HERTZ):
        assert settled(await one.hear(LISTEN_SECONDS)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        assert settled(await other.hear(LISTEN_SECONDS)).tone_dbfs(PHONE_HERTZ) > LOUD_DBFS


def settled(sound: Sound) -> Sound:
    """Without the beginning, in which sound that was under way may be still."""
    return sound.between(0.5, sound.seconds)


def ends_elsewhere(story: Story) -> int:
    """How many phones were told that somebody else has answered."""
    ends = [fact for fact in story.all_of("leg.ended") if fact.body.get("answeredElsewhere")]
    assert {fact.body["endedBy"] for fact in ends} <= {"SYSTEM"}
    return len(ends)
