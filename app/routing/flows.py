"""Call flows: kept in versions, none of which ever changes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.flows.announcement import Announcement
from app.flows.check import check_flow, path_of
from app.flows.steps import (
    Enqueue,
    Flow,
    Gather,
    Play,
    PlayFile,
    PlaySpeech,
    Step,
    Target,
    Voicemail,
    flow_as_json,
    flow_from_json,
    sounds_of,
    target_of,
)
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.resources import field_checks
from app.resources.resource import Office, Resource
from app.resources.shelf import raise_all
from app.routing.existing import lock_target
from app.routing.in_use import refuse_if_target
from app.routing.model import CallFlow
from app.routing.rows import CALL_FLOWS
from app.routing.targets import (
    CallTarget,
    ToAnnouncement,
    ToDialplan,
    ToExtension,
    ToMediaStream,
    ToNumber,
    make_target,
)

_ADD_VERSION = "INSERT INTO call_flow_version (flow_id, version, definition) VALUES ($1, $2, $3::text::json)"


class Voices(Protocol):
    """Knows what can speak: `app.calls.leading.flow_sounds`."""

    async def check_speech(self, speech: PlaySpeech) -> None:
        """Raises RefusedError: this cannot be spoken (at ``text``); there is no such voice, or it does not do this."""
        ...


class FlowChanges(TypedDict, total=False):
    """What is there is set."""

    name: str
    flow: Flow


class CallFlows(Resource[CallFlow]):
    """What callers are led through."""

    shelf = CALL_FLOWS
    noun = "call_flow"

    def __init__(self, office: Office, voices: Voices | None = None) -> None:
        super().__init__(office)
        self._voices = voices

    async def create(self, by: Principal, values: FlowChanges) -> CallFlow:
        """``name`` and ``flow`` must be given.

        Raises:
            RefusedError: as :class:`Resource`; UNKNOWN_STEP, UNREACHABLE_STEP, ENDLESS_LOOP for what leads where;
                NOT_FOUND for what a step leads to; INVALID_INPUT for a voice that there is not; NOT_SUPPORTED.
        """
        raise_all(_check(values))
        raise_all(await self._check_speech(values["flow"]))
        flow_id = new_id(Kind.CALL_FLOW)
        async with self._writing() as connection:
            leads_to = await lock_all(connection, by.account_id, values["flow"], flow_id)
            columns = {"id": flow_id, "account_id": by.account_id, "name": values["name"], "version": 1}
            with self.shelf.unique("name", f"There is a call flow {values['name']!r} already."):
                await connection.execute(
                    "INSERT INTO call_flow (id, account_id, name, version, leads_to) VALUES ($1, $2, $3, $4, $5)",
                    *columns.values(),
                    leads_to,
                )
            await connection.execute(_ADD_VERSION, flow_id, 1, flow_as_json(values["flow"]))
            made = await self.shelf.get(connection, by.account_id, flow_id)
        assert made is not None  # it was made just now
        self._note(by, "create", flow_id)
        return made

    async def update(self, by: Principal, flow_id: str, changes: FlowChanges) -> CallFlow:
        """Make the next version. Raises as :meth:`create`."""
        raise_all(_check(changes))
        if "flow" in changes:
            raise_all(await self._check_speech(changes["flow"]))
        async with self._writing() as connection:
            await connection.execute("SELECT FROM call_flow WHERE id = $1 FOR NO KEY UPDATE", flow_id)
            before = await self.shelf.get(connection, by.account_id, flow_id)
            if before is None:
                raise self.shelf.missing()
            if not changes:
                return before
            flow = changes.get("flow", before.flow)
            leads_to = await lock_all(connection, by.account_id, flow, flow_id)
            with self.shelf.unique("name", f"There is a call flow {changes.get('name')!r} already."):
                await connection.execute(
                    "UPDATE call_flow SET name = $2, version = $3, leads_to = $4, updated_at = now() WHERE id = $1",
                    flow_id,
                    changes.get("name", before.name),
                    before.version + 1,
                    leads_to,
                )
            await connection.execute(_ADD_VERSION, flow_id, before.version + 1, flow_as_json(flow))
            changed = await self.shelf.get(connection, by.account_id, flow_id)
        assert changed is not None  # it is locked
        self._note(by, "update", flow_id)
        return changed

    async def delete(self, by: Principal, flow_id: str) -> None:
        """Delete it, unless calls are sent to it. Those that are in it go on."""
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, flow_id, noun="call flow")
            await self.shelf.delete(connection, by.account_id, flow_id)
        self._note(by, "delete", flow_id)

    async def get_version(self, account_id: str, flow_id: str, version: int) -> CallFlow | None:
        """A flow as it was at a version; None when the account has no such flow, or it has no such version."""
        async with self._office.database.acquire() as connection:
            found = await self.shelf.get(connection, account_id, flow_id)
            row = await connection.fetchrow(
                "SELECT definition::text AS definition, created_at FROM call_flow_version "
                "WHERE flow_id = $1 AND version = $2",
                flow_id,
                version,
            )
        if found is None or row is None:
            return None
        flow = flow_from_json(row["definition"])
        return replace(found, version=version, flow=flow, updated_at=row["created_at"])

    async def check(self, by: Principal, flow: Flow) -> None:
        """Whether a flow could be kept. Raises as :meth:`create`."""
        raise_all(check_flow(flow))
        raise_all(await self._check_speech(flow))
        async with self._writing() as connection:
            await lock_all(connection, by.account_id, flow, None)

    async def _check_speech(self, flow: Flow) -> list[Problem]:
        """What no engine here can speak, each at its step."""
        problems: list[Problem] = []
        for place, step in enumerate(flow.steps):
            for path, speech in _spoken_in(step, path_of(place, step)):
                try:
                    if self._voices is not None:
                        await self._voices.check_speech(speech)
                except RefusedError as refused:
                    problems += [_in_step(step, path, speech, one) for one in refused.problems]
        return problems


def _spoken_in(step: Step, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], PlaySpeech]]:
    """Texts, each with where it is."""
    within = {Play: "sounds", Gather: "prompt", Voicemail: "greeting"}.get(type(step))
    for place, sound in enumerate(sounds_of(step)):
        if isinstance(sound, PlaySpeech):
            yield path if within is None else (*path, within, str(place), "speech"), sound


def _in_step(step: Step, path: tuple[str, ...], speech: PlaySpeech, problem: Problem) -> Problem:
    """Something that cannot be spoken, as what is wrong with the step."""
    field = "text" if problem.field == ("text",) else "voice" if speech.voice else "languageCode"
    return Problem("INVALID_INPUT", f"The step {step.name!r}: {problem.message}", (*path, field))


def call_target_of(target: Target, field: tuple[str, ...] = ("target",)) -> CallTarget:
    """The target of a step.

    Raises:
        RefusedError: REQUIRED, NOT_FOUND, INVALID_NUMBER, as `make_target`.
    """
    return make_target(
        field=field,
        agent_id=target.agent_id,
        extension=target.extension,
        number=None if target.number is None else E164(target.number),
        ring_group_id=target.ring_group_id,
        queue_id=target.queue_id,
        call_flow_id=target.call_flow_id,
        announcement=target.announcement,
        media_stream=target.media_stream,
        dialplan=target.dialplan,
    )


async def lock_all(connection: PooledConnection, account_id: str, flow: Flow, flow_id: str | None) -> list[str]:
    """Keep what a flow leads to from being deleted until the transaction ends; gives their ids and numbers.

    Raises:
        RefusedError: NOT_FOUND for what is not there, all at once.
    """
    problems: list[Problem] = []
    found: dict[str, None] = {}
    for place, step in enumerate(flow.steps):
        path = path_of(place, step)
        target = target_of(step)
        if target is not None:
            try:
                call_target = call_target_of(target)
                await lock_target(connection, account_id, call_target, "target", not_into=flow_id)
            except RefusedError as refused:
                problems += [_at(step, path, problem) for problem in refused.problems]
            else:
                named = _named(call_target)
                if named is not None:
                    found[named] = None
        files = [sound.audio_file_id for sound in sounds_of(step) if isinstance(sound, PlayFile)]
        if files:
            problems += await _missing_files(connection, account_id, files, path)
            found.update(dict.fromkeys(files))
    raise_all(problems)
    return list(found)


def _named(target: CallTarget) -> str | None:
    """What a target cannot do without, by its id or number."""
    match target:
        case ToExtension() | ToNumber():
            return target.number
        case ToAnnouncement(announcement=Announcement(sound=PlayFile(audio_file_id=audio_file_id))):
            return audio_file_id
        case ToAnnouncement(announcement=Announcement(sound=PlaySpeech(template=template))):
            return None if template is None else template.template_id
        case ToAnnouncement() | ToMediaStream() | ToDialplan():
            return None
        case _:
            return target.id


async def _missing_files(
    connection: PooledConnection, account_id: str, files: list[str], path: tuple[str, ...]
) -> list[Problem]:
    rows = await connection.fetch(
        "SELECT id FROM audio_file WHERE id = ANY($1::text[]) AND account_id = $2 AND deleted_at IS NULL "
        "ORDER BY id FOR SHARE",
        files,
        account_id,
    )
    known = {row["id"] for row in rows}
    return [
        Problem("NOT_FOUND", "There is no such audio file.", (*path, "audioFileId"))
        for one in files
        if one not in known
    ]


def _at(step: Step, path: tuple[str, ...], problem: Problem) -> Problem:
    """The problem at the field of the step: a queue's step has no target, but a ``queueId``."""
    field = problem.field[1:] if isinstance(step, Enqueue) else problem.field
    return replace(problem, field=(*path, *field))


def _check(values: FlowChanges) -> list[Problem]:
    problems = field_checks.check_name(values["name"]) if "name" in values else []
    if "flow" in values:
        problems += check_flow(values["flow"])
    return problems
