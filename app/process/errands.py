"""Callbacks and one-time passwords as the settings have them: their use cases, their clock, and who places them."""

from dataclasses import dataclass
from typing import Self

from app.accounts.audit import AuditLog
from app.callbacks.scheduler import CallbackScheduler
from app.callbacks.service import Callbacks, Checks
from app.calls.asking.service import CallService
from app.calls.keeping.keys import KeyVeil
from app.calls.planning.originate_lookup import OriginateLookup
from app.calls.planning.placing import Readiness
from app.campaigns.news import CAMPAIGNS_CHANGED
from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.errands.news import ERRANDS_CHANGED, ErrandNews
from app.events.bus import Bus
from app.events.log import EventLog
from app.otps.caller import OtpCaller
from app.otps.codes import Codes
from app.otps.model import RateCaps
from app.otps.service import Otps
from app.otps.voice import OtpVoice
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.secrets.sealing import Seals
from app.secrets.service_secret import Purpose, ServiceSecret
from app.speech.resources import SpeechResources
from app.testclock.service import SandboxClocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """What both need in a process."""

    settings: Settings
    database: Database
    log: EventLog
    bus: Bus
    clock: Clock
    speech: SpeechResources
    codes: Codes
    voice: OtpVoice
    news: ErrandNews
    veil: KeyVeil

    @classmethod
    def open(
        cls,
        settings: Settings,
        secret: ServiceSecret,
        database: Database,
        log: EventLog,
        bus: Bus,
        clock: Clock,
        seals: Seals,
        speech: SpeechResources,
    ) -> Self:
        """Their parts; from here on news of them is heard. Before the bus runs."""
        codes, news = Codes(secret.derive(Purpose.OTPS), seals), ErrandNews()
        log.on_appended(news.on_appended)
        bus.on(ERRANDS_CHANGED, news.hear)
        return cls(
            settings=settings,
            database=database,
            log=log,
            bus=bus,
            clock=clock,
            speech=speech,
            codes=codes,
            voice=OtpVoice(database, codes, speech.speaker),
            news=news,
            veil=KeyVeil(secret.derive(Purpose.REQUEST_KEYS)),
        )

    def callbacks(self, checks: Checks) -> Callbacks:
        """The use cases of callbacks."""
        return Callbacks(
            self.database,
            self.log,
            checks,
            self.clock,
            grace_seconds=self.settings.callback_grace_seconds,
            veil=self.veil,
            changed=self._tell,
        )

    def otps(self) -> Otps:
        """The use cases of one-time passwords."""
        settings = self.settings
        return Otps(
            self.database,
            self.log,
            OriginateLookup(Directory(self.database), CallerIds(self.database, self.clock)),
            self.codes,
            self.speech.speaker,
            self.speech.templates,
            self.clock,
            caps=RateCaps(
                per_number=settings.otp_number_limit,
                number_seconds=settings.otp_number_seconds,
                per_account=settings.otp_account_limit,
                account_seconds=settings.otp_account_seconds,
            ),
            veil=self.veil,
            due=self._tell,
        )

    def test_clocks(self, audit: AuditLog) -> SandboxClocks:
        """The use cases of test clocks, by which callbacks and campaigns of test keys go."""
        return SandboxClocks(self.database, audit, self.clock, veil=self.veil, changed=self._tell_of_clock)

    def place_through(
        self, calls: CallService, readiness: Readiness, *, node: str
    ) -> tuple[CallbackScheduler, OtpCaller]:
        """Who places their calls in a node's tenure, not running yet."""
        scheduler = CallbackScheduler(self.database, self.log, calls, readiness, self.clock, node=node)
        caller = OtpCaller(self.database, self.log, calls, self.voice, readiness, self.clock, node=node)
        self.news.attend(scheduler.wake, caller.wake)
        return scheduler, caller

    async def _tell(self) -> None:
        self.news.hear()
        await self.bus.publish(ERRANDS_CHANGED, "")

    async def _tell_of_clock(self) -> None:
        await self._tell()
        await self.bus.publish(CAMPAIGNS_CHANGED, "")
