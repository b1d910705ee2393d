"""One-time passwords on a real database: a clock that is moved by hand, a voice of tones, calls on paper."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.keeping.keys import KeyVeil
from app.calls.planning.originate_lookup import OriginateLookup
from app.calls.planning.requests import OwnCall
from app.clock import SystemClock
from app.db.engine import Database
from app.events.log import Appended, EventLog
from app.facts.calls import Fact
from app.facts.vocabulary import Disposition
from app.files.store import FileStore
from app.otps.caller import OtpCaller
from app.otps.codes import Codes
from app.otps.model import AnnounceRequest, Otp, OtpCall, RateCaps
from app.otps.service import Otps
from app.otps.voice import OtpVoice
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.routing.sandbox import seed_sandbox
from app.secrets.sealing import Sealer
from app.speech.resources import SpeechResources
from tests.callbacks.paper import Asterisk, Paper
from tests.calls.standing_in import HandClock
from tests.speech.tone_engine import ToneEngine

#: A number of the sandbox.
NUMBER = "+15550100000"
#: So long that it is nowhere by chance.
CODE = "471905380262"
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CAPS = RateCaps(per_number=3, number_seconds=600.0, per_account=5, account_seconds=60.0)


@dataclass
class World:
    database: Database
    clock: HandClock
    engine: ToneEngine
    speech: SpeechResources
    codes: Codes
    voice: OtpVoice
    paper: Paper
    asterisk: Asterisk
    otps: Otps
    caller: OtpCaller
    by: Principal
    stranger: Principal
    told: list[Fact] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [fact.type for fact in self.told]

    def request(self, **changes: object) -> AnnounceRequest:
        request = AnnounceRequest(idempotency_key="key 1", call=OtpCall(number=NUMBER, external_id="user 7"), code=CODE)
        return dataclasses.replace(request, **changes)  # type: ignore[arg-type]  # fields of the request

    async def announce(self, **changes: object) -> Otp:
        return (await self.otps.announce(self.by, self.request(**changes))).otp

    async def read(self, otp_id: str) -> Otp:
        found = await self.otps.get(self.by.account_id, otp_id)
        assert found is not None
        return found

    async def go_round(self) -> None:
        while await self.caller.run_round():
            pass

    async def pass_seconds(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.go_round()

    async def end(self, own: OwnCall, disposition: Disposition, *path: str) -> None:
        """Its call ends, after these steps; with none, nobody had answered."""
        now = self.clock.now()
        run = own.lead
        assert run is not None
        if path:
            run = msgspec.structs.replace(run, stage=FlowStage.OVER, started_at=now, path=path, step=path[-1], steps=())
        self.paper.placed[own.call_id] = msgspec.structs.replace(self.paper.placed[own.call_id], flow=run)
        await self.paper.end(own.call_id, disposition, at=now)
        await self.go_round()

    async def rows(self) -> str:
        """All that is kept."""
        async with self.database.acquire() as connection:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            rows = [
                row["whole"]
                for table in tables
                for row in await connection.fetch(f'SELECT one::text AS whole FROM "{table["tablename"]}" AS one')  # noqa: S608  # names of our own tables
            ]
        return "\n".join(rows)


def flow_of(own: OwnCall) -> FlowRun:
    assert own.lead is not None
    return own.lead


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    audit = AuditLog(database)
    account = (await seed_sandbox(database, audit)).account
    by = Principal(
        account_id=account.id,
        account_name=account.name,
        default_region="US",
        key_id="key_1",
        scopes=frozenset(Scope),
        is_test=True,
    )
    clock, log, paper, asterisk, engine = HandClock(NINE), EventLog(database), Paper(database), Asterisk(), ToneEngine()
    sealer = Sealer(bytes(32))
    speech = SpeechResources.open(
        *(database, audit, sealer, FileStore.open(None, tmp_path), SystemClock(), [engine]),
        folder=tmp_path / "media",
        media_url="http://offhook.test",
        urls_secret=bytes(32),
        names_secret=bytes(32),
        cache_bytes=10_000_000,
    )
    codes = Codes(bytes(32), sealer)
    voice = OtpVoice(database, codes, speech.speaker)

    async def due() -> None:
        pass

    lookup = OriginateLookup(Directory(database), CallerIds(database, clock))
    made = World(
        database=database,
        clock=clock,
        engine=engine,
        speech=speech,
        codes=codes,
        voice=voice,
        paper=paper,
        asterisk=asterisk,
        otps=Otps(
            *(database, log, lookup, codes, speech.speaker, speech.templates, clock),
            caps=CAPS,
            veil=KeyVeil(bytes(32)),
            due=due,
        ),
        caller=OtpCaller(database, log, paper, voice, asterisk, clock, node="n1"),
        by=by,
        stranger=dataclasses.replace(by, account_id="acc_other"),
    )

    def hear(appended: Appended) -> None:
        made.told += [event.fact for event in appended.events]

    log.on_appended(hear)
    return made
