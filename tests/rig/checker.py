"""What must hold after every fault run, whatever died: one checker, whose word comes from witnesses that are not ours.

::

    evidence = Evidence(
        dsn=settings.database_url.get_secret_value(),
        node=settings.node,
        witness=witness,                             # tests.rig.witness: another ARI client
        dialled=lambda: dialled_by_sipp(sipp),       # or dialled_at_far_end(far_end, since=…), or both added
        recordings_directory=settings.data_dir / "recordings",
        acknowledged=[placed.id, …],                 # calls that somebody was told of
        sink=sink, webhook_secrets={"/hooks": "whsec_…"},   # where webhooks went
    )
    await assert_all_hold(evidence)                  # waits until the service has settled, then tells every violation
    await assert_same_call_again(line, request, placed.id)    # a key still gives its call, and rings nobody

The database is asked in plain SQL over a connection of its own. Legs are told apart by number: every number of a run
is dialled by one leg only. A service must be running, so that it can settle; ``find_violations`` looks at once, and
gives what it finds as texts. Each names its invariant:

I1 at most one INVITE for each leg, by Call-ID · I2 each INVITE has its leg and one record, no record without a leg ·
I3 talk time within a second of the far ends' own, or three in at most a quarter of many (exempt: NODE_LOST; where
Asterisk died and its memory with it, an answer inside a blind interval that the call owns up to may be told as late as
that interval's end; two parties of whom one answered inside it are joined at its end, and talk from then on, if at all)
· I4 one ``call.ended`` for each ended call, and a delivery of it for each endpoint · I5 ``webhook-id`` names one
event for ever, and every signature verifies · I6 ``callSequence`` dense, in the log's own order · I9 nothing left in
Asterisk, no call open · I11 each file has its row and the reverse · I12 what was acknowledged is there.
"""

import asyncio
import contextlib
import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import asyncpg
from standardwebhooks import Webhook

from app.calls.names import snoop_of
from app.calls.planning.requests import OriginateRequest
from app.config import Settings
from app.facts.vocabulary import LegRole
from app.ids import RecordingId, asterisk_prefix
from tests.rig.ari_ears import channel_id_of
from tests.rig.desk import Line
from tests.rig.far_end import FarEnd
from tests.rig.hangup_memory import hangup_memory_of
from tests.rig.sipp import SippServer
from tests.rig.witness import Sighting, Witness
from tests.webhooks.sink import Sink

SETTLE_SECONDS = 60.0
TALK_SLACK_SECONDS = 1.0
#: A far end that is kept waiting writes its own instants down late: in some calls of many, not in most.
LATE_WITNESS_SECONDS = 3.0
_MOST_LATE = 0.25
_POLL_SECONDS = 0.1
_SQL_SECONDS = 60.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_Interval: TypeAlias = tuple[datetime, datetime]

#: Of each side; more than a recording in a test has.
_PARTS_LOOKED_FOR = 4
_PARTIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """One INVITE as its receiver knows it. ``connected_at``: the ACK; ``ended_at``: the first BYE."""

    number: str
    call_id: str
    connected_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its end has not come, or never will."""
        return self.connected_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What there is to ask about a run. ``webhook_secrets`` are by path of the sink.

    ``has_asterisk_died``: it said BYE to nobody then, so that nobody knows when those talks ended (I3 is exempt).
    """

    dsn: str
    node: str
    witness: Witness
    dialled: Callable[[], Sequence[Dialled]] = tuple
    recordings_directory: Path | None = None
    acknowledged: Collection[str] = ()
    sink: Sink | None = None
    webhook_secrets: Mapping[str, str] = field(default_factory=dict)
    has_asterisk_died: bool = False


def evidence_of(settings: Settings, witness: Witness, **more: Any) -> Evidence:
    """What the settings of a service say of where to look; ``more`` are the other fields of :class:`Evidence`."""
    assert settings.database_url is not None
    return Evidence(
        dsn=settings.database_url.get_secret_value(),
        node=settings.node,
        witness=witness,
        recordings_directory=settings.data_dir / "recordings",
        **more,
    )


def dialled_by_sipp(sipp: SippServer) -> list[Dialled]:
    """What SIPp's message log has."""
    return [
        Dialled(
            number=call.dialled, call_id=call.call_id, connected_at=call.connected_at, ended_at=call.disconnected_at
        )
        for call in sipp.calls()
    ]


def dialled_at_far_end(far_end: FarEnd, *, since: int = 0) -> list[Dialled]:
    """What the far end heard from index ``since`` of its events on; each channel there is one INVITE."""
    events = far_end.ears.events[since:]
    answered: dict[str | None, datetime] = {}
    ended: dict[str | None, datetime] = {}
    for event in events:
        at = datetime.fromisoformat(event["timestamp"]).astimezone(UTC)
        if event["type"] == "ChannelStateChange" and event["channel"]["state"] == "Up":
            answered.setdefault(channel_id_of(event), at)
        elif event["type"] == "ChannelDestroyed":
            ended.setdefault(channel_id_of(event), at)
    return [
        Dialled(
            number=event["args"][-1],
            call_id=channel,
            connected_at=answered.get(channel),
            ended_at=ended.get(channel) if channel in answered else None,
        )
        for event in events
        if event["type"] == "StasisStart" and event["args"][:1] == ["inbound"]
        for channel in [event["channel"]["id"]]
    ]


async def assert_all_hold(evidence: Evidence, *, seconds: float = SETTLE_SECONDS) -> None:
    """Wait until nothing is open, then check every invariant.

    Raises:
        AssertionError: what does not hold, a line each.
    """
    async with _connected(evidence.dsn) as connection:
        with contextlib.suppress(TimeoutError):  # what is still open then is told as I9
            async with asyncio.timeout(seconds):
                await _wait_until_settled(evidence, connection)
        violations = await find_violations(evidence, connection)
    assert not violations, "\n".join(violations)


async def assert_nothing_remembered(evidence: Evidence, *, seconds: float = SETTLE_SECONDS) -> None:
    """Wait until Asterisk has forgotten how the legs ended: our records have it."""
    async with _connected(evidence.dsn) as connection:
        rows = await connection.fetch("SELECT id FROM leg WHERE channel_name IS NOT NULL")
    for row in rows:
        memory = hangup_memory_of(evidence.node, row["id"])
        try:
            async with asyncio.timeout(seconds):
                while await evidence.witness.global_variable(memory):
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"I9: after {seconds:g} s Asterisk still has {memory}") from None


async def assert_same_call_again(line: Line, request: OriginateRequest, call_id: str) -> None:
    """The same request with the same key is the same call, and is said to be."""
    again = await line.originate(request)
    assert (again.id, again.is_replayed) == (call_id, True), "I1: a key gave another call"


async def find_violations(evidence: Evidence, connection: Connection) -> list[str]:
    """What does not hold at this moment."""
    dialled = evidence.dialled()
    return [
        *await _invites(dialled, connection),
        *await _talk(evidence, dialled, connection),
        *await _endings(connection),
        *_webhooks(evidence),
        *await _log_order(connection),
        *await _leftovers(evidence, connection),
        *await _recordings(evidence, connection),
        *await _acknowledged(evidence, connection),
    ]


@contextlib.asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn, timeout=_SQL_SECONDS, command_timeout=_SQL_SECONDS)
    try:
        yield connection
    finally:
        await connection.close()


async def _wait_until_settled(evidence: Evidence, connection: Connection) -> None:
    while await _open_calls(connection) or not (await _look(evidence, connection)).is_empty:
        await asyncio.sleep(_POLL_SECONDS)
    while not evidence.has_asterisk_died and any(
        one.is_open for one in evidence.dialled()
    ):  # the last BYE is on its way
        await asyncio.sleep(_POLL_SECONDS)


async def _open_calls(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT id FROM call WHERE state <> 'ENDED' OR NOT is_settled")
    return [row["id"] for row in rows]


async def _invites(dialled: Sequence[Dialled], connection: Connection) -> list[str]:
    """I1 and I2."""
    legs = await connection.fetch("SELECT number, call_id FROM leg WHERE number IS NOT NULL AND dialing_at IS NOT NULL")
    dialling = Counter(_digits(row["number"]) for row in legs)
    invites = Counter(_digits(one.number) for one in dialled)
    found = [
        f"I1: {number} got {count} INVITEs for {dialling[number]} legs"
        for number, count in invites.items()
        if count > max(1, dialling[number])
    ]
    found += [f"I2: {number} was rung and no leg says so" for number in invites if not dialling[number]]
    records = await connection.fetch(
        """SELECT coalesce(call.id, cdr.call_id) AS id, count(cdr.id) AS records,
                  (SELECT count(*) FROM leg WHERE leg.call_id = cdr.call_id) AS legs
           FROM call FULL JOIN cdr ON cdr.call_id = call.id GROUP BY 1, cdr.call_id"""
    )
    found += [f"I2: call {row['id']} has {row['records']} records" for row in records if row["records"] != 1]
    found += [f"I2: the record of {row['id']} has no leg" for row in records if row["records"] and not row["legs"]]
    keys = await connection.fetch(
        """SELECT subject_id FROM request_key WHERE subject_id NOT IN (
               SELECT id FROM call UNION ALL SELECT id FROM callback UNION ALL SELECT id FROM otp
               UNION ALL SELECT id FROM campaign UNION ALL SELECT id FROM contact)"""
    )
    found += [f"I1: a key is burnt for {row['subject_id']}, which does not exist" for row in keys]
    return found


async def _talk(evidence: Evidence, dialled: Sequence[Dialled], connection: Connection) -> list[str]:
    """I3, of each leg and of each call whose legs all ended where we can look."""
    dialled = [one for one in dialled if not (evidence.has_asterisk_died and one.is_open)]
    rows = await connection.fetch(
        """SELECT leg.id, leg.call_id, leg.number, leg.answered_at, leg.ended_at, cdr.talk_seconds,
                  (SELECT count(*) FROM leg other WHERE other.call_id = leg.call_id) AS legs
           FROM leg JOIN cdr ON cdr.call_id = leg.call_id
           WHERE leg.number IS NOT NULL AND leg.dialing_at IS NOT NULL AND cdr.end_code <> 'NODE_LOST'"""
    )
    blind = await _blind_intervals(connection)
    forgotten: Mapping[str, Sequence[_Interval]] = blind if evidence.has_asterisk_died else defaultdict(list)
    seen = {_digits(one.number): one for one in dialled}
    apart: list[_Apart | None] = []
    told: dict[str, float] = {}
    truths: dict[str, list[Dialled]] = defaultdict(list)
    leg_counts: dict[str, int] = {}
    for row in rows:
        truth = seen.get(_digits(row["number"]))
        if truth is None:
            continue
        truths[row["call_id"]].append(truth)
        told[row["call_id"]], leg_counts[row["call_id"]] = row["talk_seconds"], row["legs"]
        seconds = (row["ended_at"] - row["answered_at"]).total_seconds() if row["answered_at"] else 0.0
        span = (truth.connected_at, truth.ended_at) if truth.connected_at and truth.ended_at else None
        what = f"leg {row['id']} to {truth.number} (blind: {len(blind[row['call_id']])})"
        apart.append(_compare(what, seconds, span, forgotten[row["call_id"]]))
    for call_id, legs in truths.items():
        if len(legs) < leg_counts[call_id] or len(legs) > _PARTIES:
            # A party that was never dialled made no talk; one that sits elsewhere we cannot ask. Of more than two it
            # takes the whole story to say who talked: see tests/rig/scenes.
            continue
        span = _overlap(legs)
        what = f"call {call_id} (blind: {len(blind[call_id])})"
        apart.append(_compare(what, told[call_id], span, blind[call_id]))
    found = [one for one in apart if one is not None]
    are_few = len(found) <= _MOST_LATE * len(apart)
    return [one.text for one in found if not are_few or one.seconds > LATE_WITNESS_SECONDS]


def _overlap(legs: Sequence[Dialled]) -> _Interval | None:
    if len(legs) < _PARTIES:
        return None  # whom a call flow leads alone talks to nobody
    starts = [leg.connected_at for leg in legs if leg.connected_at]
    ends = [leg.ended_at for leg in legs if leg.ended_at]
    if len(starts) < len(legs) or len(ends) < len(legs) or min(ends) <= max(starts):
        return None
    return max(starts), min(ends)


class _Apart(NamedTuple):
    """How many seconds what was told and what was lie apart, and that in words."""

    seconds: float
    text: str


def _compare(what: str, told: float, truth: _Interval | None, unseen: Sequence[_Interval]) -> _Apart | None:
    """``unseen``: what began in one of these may be told as beginning at its end."""
    if truth is None:
        least = most = 0.0
    else:
        start, end = truth
        seen_at = max((until for begin, until in unseen if begin <= start <= until), default=start)
        least, most = max(0.0, (end - seen_at).total_seconds()), (end - start).total_seconds()
    seconds = max(least - told, told - most)
    if seconds <= TALK_SLACK_SECONDS:
        return None
    return _Apart(seconds, f"I3: {what} is told as {told:.3f} s, and was {most:.3f} s")


async def _blind_intervals(connection: Connection) -> dict[str, list[_Interval]]:
    rows = await connection.fetch(
        """SELECT subject_id, (data->>'blindFrom')::timestamptz AS begin, (data->>'blindUntil')::timestamptz AS until
           FROM event WHERE type = 'call.recovered'"""
    )
    blind: dict[str, list[_Interval]] = defaultdict(list)
    for row in rows:
        blind[row["subject_id"]].append((row["begin"], row["until"]))
    return blind


async def _endings(connection: Connection) -> list[str]:
    """I4."""
    rows = await connection.fetch(
        """SELECT call.id, count(event.id) AS told
           FROM call LEFT JOIN event ON event.subject_id = call.id AND event.type = 'call.ended'
           WHERE call.state = 'ENDED' GROUP BY call.id HAVING count(event.id) <> 1"""
    )
    found = [f"I4: {row['id']} has {row['told']} × call.ended" for row in rows]
    rows = await connection.fetch(
        """SELECT event.subject_id, endpoint.id
           FROM event JOIN webhook_endpoint endpoint ON endpoint.account_id = event.account_id
           WHERE event.type = 'call.ended' AND endpoint.is_enabled AND endpoint.deleted_at IS NULL
             AND event.type LIKE ANY (endpoint.patterns) AND event.occurred_at > endpoint.created_at
             AND NOT EXISTS (SELECT FROM webhook_delivery delivery WHERE delivery.endpoint_id = endpoint.id
                             AND delivery.event_sequence = event.sequence)"""
    )
    return found + [f"I4: the end of {row['subject_id']} is not on its way to {row['id']}" for row in rows]


def _webhooks(evidence: Evidence) -> list[str]:
    """I5, and of I4 what a receiver can see."""
    if evidence.sink is None:
        return []
    found: list[str] = []
    bodies: dict[tuple[str, str], bytes] = {}
    ends: dict[tuple[str, str], set[str]] = defaultdict(set)
    for received in evidence.sink.received:
        name = (received.path, received.webhook_id)
        if bodies.setdefault(name, received.body) != received.body:
            found.append(f"I5: {received.webhook_id} came with two bodies")
        secret = evidence.webhook_secrets.get(received.path)
        if secret is not None:
            at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
            signature = Webhook(secret).sign(received.webhook_id, at, received.body.decode())
            if signature not in received.headers["webhook-signature"].split(" "):
                found.append(f"I5: the signature of {received.webhook_id} does not verify")
        body = received.json
        if isinstance(body, dict) and body.get("type") == "call.ended":
            ends[received.path, body["subjectId"]].add(received.webhook_id)
    found += [f"I4: the end of {call} came as {len(ids)} webhooks" for (_, call), ids in ends.items() if len(ids) > 1]
    return found


async def _log_order(connection: Connection) -> list[str]:
    """I6."""
    rows = await connection.fetch(
        """SELECT subject_id, call_sequence, row_number() OVER (PARTITION BY subject_id ORDER BY sequence) AS place
           FROM event WHERE call_sequence IS NOT NULL"""
    )
    wrong = {row["subject_id"] for row in rows if row["call_sequence"] != row["place"]}
    rows = await connection.fetch(
        """SELECT call.id FROM call LEFT JOIN event ON event.subject_id = call.id
           GROUP BY call.id HAVING coalesce(max(event.call_sequence), 0) <> (call.snapshot->>'sequence')::int"""
    )
    return [f"I6: the facts of {call_id} are not dense" for call_id in sorted(wrong)] + [
        f"I6: {row['id']} has not the facts that it counts" for row in rows
    ]


async def _look(evidence: Evidence, connection: Connection) -> Sighting:
    rows = await connection.fetch("SELECT id FROM recording")
    names = [
        snoop_of(evidence.node, RecordingId(row["id"]), role, number)
        for row in rows
        for role in (LegRole.AGENT, LegRole.CUSTOMER)
        for number in range(1, _PARTS_LOOKED_FOR + 1)
    ]
    return await evidence.witness.look(asterisk_prefix(evidence.node), recording_names=names)


async def _leftovers(evidence: Evidence, connection: Connection) -> list[str]:
    """I9."""
    found = [f"I9: {call_id} is still open" for call_id in await _open_calls(connection)]
    seen = await _look(evidence, connection)
    if not seen.is_empty:
        found.append(f"I9: Asterisk still has {seen}")
    return found


async def _recordings(evidence: Evidence, connection: Connection) -> list[str]:
    """I11."""
    if evidence.recordings_directory is None:
        return []
    directory = evidence.recordings_directory
    rows = await connection.fetch("SELECT id, object_key, size_bytes, sha256 FROM recording WHERE state = 'SAVED'")
    files = {str(path.relative_to(directory)) for path in _files(directory)}
    found = [f"I11: {name} has no row" for name in sorted(files - {row["object_key"] for row in rows})]
    for row in rows:
        if row["object_key"] not in files:
            found.append(f"I11: {row['id']} has no file")
            continue
        content = (directory / row["object_key"]).read_bytes()
        if (len(content), hashlib.sha256(content).hexdigest()) != (row["size_bytes"], row["sha256"]):
            found.append(f"I11: the file of {row['id']} is not the one that was stored")
    return found


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file()) if directory.exists() else iter(())


async def _acknowledged(evidence: Evidence, connection: Connection) -> list[str]:
    """I12."""
    rows = await connection.fetch("SELECT id FROM call WHERE id = ANY ($1::text[])", list(evidence.acknowledged))
    lost = set(evidence.acknowledged) - {row["id"] for row in rows}
    return [f"I12: {call_id} was acknowledged and is lost" for call_id in sorted(lost)]


def _digits(number: str) -> str:
    return number.lstrip("+")
