"""What dialers have to hear of, kept until they look: which campaigns have changed, or had calls that ended."""

import asyncio
from dataclasses import dataclass
from typing import Final

from app.events.log import Appended
from app.facts.calls import CallConnected, CallEnded, DtmfReceived
from app.facts.queues import AgentStateChanged
from app.ids import Kind, kind_of

#: The channel on which changes of campaigns are announced between processes; the payload is a campaign.
CAMPAIGNS_CHANGED: Final = "offhook_campaigns"


@dataclass(frozen=True, slots=True)
class PressedKey:
    """A key that was pressed in a campaign's call to this number."""

    campaign_id: str
    call_id: str
    number: str
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The campaigns with news, and the keys that were pressed.

    ``is_everywhere``: any campaign may have changed. ``is_of_agents``: what agents do has changed, whichever campaigns
    they serve.
    """

    campaigns: frozenset[str]
    pressed: tuple[PressedKey, ...]
    is_everywhere: bool
    is_of_agents: bool


class CampaignNews:
    """One in a process, for whichever dialer runs there. ``log.on_appended(news.on_appended)``."""

    def __init__(self) -> None:
        self._campaigns: set[str] = set()
        self._pressed: list[PressedKey] = []
        self._is_everywhere = False
        self._is_of_agents = False
        self._has_come = asyncio.Event()

    def on_appended(self, appended: Appended) -> None:
        """Facts that this process has written: ends of calls, and keys that were pressed in them."""
        for event in appended.events:
            fact = event.fact
            if isinstance(fact, AgentStateChanged):
                self._is_of_agents = True
                self._has_come.set()
            if not isinstance(fact, CallEnded | CallConnected | DtmfReceived):
                continue
            errand = fact.call.errand
            if errand is None or errand.campaign_id is None:
                continue
            if isinstance(fact, CallEnded | CallConnected):
                self._campaigns.add(errand.campaign_id)
            elif fact.call.dialled_number is not None:
                pressed = PressedKey(errand.campaign_id, fact.call.id, fact.call.dialled_number, fact.digit)
                self._pressed.append(pressed)
            self._has_come.set()

    def hear(self, campaign_id: str) -> None:
        """Somebody has changed a campaign; an empty id: perhaps any."""
        if kind_of(campaign_id) is Kind.CAMPAIGN:
            self._campaigns.add(campaign_id)
        else:
            self._is_everywhere = True
        self._has_come.set()

    async def wait(self, seconds: float) -> None:
        """Until there is news, or for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._has_come.wait()
        except TimeoutError:
            pass  # the time is news enough

    def take(self) -> News:
        """All that has come since this was asked last."""
        taken = News(
            campaigns=frozenset(self._campaigns),
            pressed=tuple(self._pressed),
            is_everywhere=self._is_everywhere,
            is_of_agents=self._is_of_agents,
        )
        self._campaigns.clear()
        self._pressed.clear()
        self._is_everywhere = False
        self._is_of_agents = False
        self._has_come.clear()
        return taken
