"""What holds of every ended call, whatever happened in it."""

from datetime import datetime

from tests.rig.desk import Body, Desk, Story

#: Those who come to the talk of others.
_GUESTS = ("SUPERVISOR", "PARTICIPANT")


async def assert_is_whole(desk: Desk, story: Story) -> None:
    """Facts are dense, told once and in order; the record is the one that was told, and adds up."""
    call_id = story.facts[0].call_id
    assert [fact.call_sequence for fact in story.facts] == list(range(1, len(story.facts) + 1))
    sequences = [fact.sequence for fact in story.facts]
    assert sequences == sorted(set(sequences))
    dated = [fact.at for fact in story.facts]
    assert dated == sorted(dated), "the log's own instants never run backwards within a call"
    assert story.types[0] == "call.created"
    assert story.types.count("call.ended") == 1
    # What was followed live is what the log has.
    assert [fact.id for fact in await desk.line.facts(call_id)] == [fact.id for fact in story.facts]
    assert await desk.line.record(call_id) == story.record
    _assert_adds_up(story)
    for leg_id in {fact.body["leg"]["id"] for fact in story.facts if fact.body.get("leg")}:
        of_leg = [fact.type for fact in story.facts if (fact.body.get("leg") or {}).get("id") == leg_id]
        ways = ("leg.dialing", "leg.ringing", "leg.answered", "leg.ended")
        steps = [name for name in of_leg if name in ways]
        assert steps == [name for name in ways if name in steps]
        assert steps[-1] == "leg.ended"


def assert_is_as_long_as_the_talk(seconds: float, story: Story) -> None:
    """A recording is as long as the talk, but for what it took to begin and to end, and what is told as lost."""
    began_late = (story.the("recording.started").at - story.the("call.connected").at).total_seconds()
    missing = max(0.0, began_late) + (story.the("recording.saved").body["lostSeconds"] or 0.0)
    assert story.record["talkSeconds"] - missing - 1.0 <= seconds <= story.record["talkSeconds"] + 1.0


def _assert_adds_up(story: Story) -> None:
    record = story.record
    created, ended = _instant(record, "createdAt"), _instant(record, "endedAt")
    assert created is not None
    assert ended is not None
    instants = [created, *(_instant(record, n) for n in ("ringingAt", "answeredAt", "connectedAt")), ended]
    known = [instant for instant in instants if instant is not None]
    assert known == sorted(known)
    assert _near(record["durationSeconds"], (ended - created).total_seconds())
    connected = _instant(record, "connectedAt")
    seated = _seated_last(story)
    ends = [fact.happened_at for fact in story.all_of("leg.ended") if fact.body["leg"]["id"] in seated]
    talk = (min(ends) - connected).total_seconds() if connected else 0.0
    assert _near(record["talkSeconds"], talk)
    assert record["talkSeconds"] + record["ringSeconds"] <= record["durationSeconds"] + 0.01
    ended_fact = story.ended.body
    assert (ended_fact["talkSeconds"], ended_fact["durationSeconds"]) == (talk_of(record), record["durationSeconds"])
    assert (ended_fact["disposition"], ended_fact["endReason"]) == (record["disposition"], record["endReason"])


def _seated_last(story: Story) -> set[str]:
    """The legs of the two who talked last: the first of each side, or whom a transfer or its recall brought in.

    Where several phones rang for a side, it is the one that answered first.
    """
    seats: dict[str, str] = {}
    answered: set[str] = set()
    brings_back = False
    is_queued = "queue.joined" in story.types
    for fact in story.facts:
        if fact.role in _GUESTS:
            continue
        match fact.type:
            case "participant.left" if fact.body.get("takenBy"):
                seats[fact.body["takenBy"]["role"]] = fact.body["takenBy"]["id"]
            case "leg.dialing" if fact.role and (fact.role not in seats):
                seats[fact.role] = fact.body["leg"]["id"]
            case "transfer.started" | "transfer.completed":
                brings_back = False
                if fact.type == "transfer.completed" and fact.body["leg"]:
                    seats[fact.body["leg"]["role"]] = fact.body["leg"]["id"]
            case "transfer.failed" | "transfer.cancelled":
                brings_back = fact.body["kind"] == "BLIND"
            case "leg.answered" if fact.role and (
                brings_back or fact.role not in answered or (is_queued and fact.role == "AGENT")
            ):
                seats[fact.role] = fact.body["leg"]["id"]
                answered.add(fact.role)
            case _:
                pass
    return set(seats.values())


def talk_of(record: Body) -> float:
    return float(record["talkSeconds"])


def _near(told: float, derived: float) -> bool:
    return abs(told - max(0.0, derived)) <= 0.002


def _instant(record: Body, name: str) -> datetime | None:
    text = record.get(name)
    return None if text is None else datetime.fromisoformat(text)
