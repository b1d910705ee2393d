"""What a contact that answers is led through: the campaign's announcement, filled with the contact's fields, or its
call flow. Pure.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from app.calls.core.model.flow import FlowRun, Variable
from app.calls.planning.flow_plan import run_of
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, OptOut
from app.campaigns.questions import ContactCard
from app.facts.vocabulary import MachineAction, Tone
from app.flows.announcement import Announcement, announcing
from app.flows.steps import Gather, HangUp, Option, Play, PlaySpeech, PlayTone, Step
from app.flows.words import is_variable
from app.routing.model import CallFlow

#: After the words, so long is listened for the key that asks never to be called again.
_LISTEN_SECONDS: Final = 2.0
#: Unless the campaign has words of its own.
_APOLOGY: Final = Announcement(
    sound=PlaySpeech(text="We are sorry. We called you, and nobody is free to talk to you now. Goodbye.")
)
_OUT: Final = "opted out"
_AGAIN: Final = "again"


def lead_through(
    lead: Announcement | CallFlow, contact: ContactCard, *, opt_out: OptOut | None, on_machine: MachineAction
) -> FlowRun:
    """The way through an announcement or a flow, with the contact's fields as its variables."""
    run = run_of(lead)
    if opt_out is not None and isinstance(lead, Announcement):
        run = msgspec.structs.replace(run, steps=_with_opt_out(lead, opt_out.digit))
    return msgspec.structs.replace(
        run,
        variables=tuple(Variable(name=name, held=held) for name, held in fields_of(contact).items()),
        refuses_machines=on_machine is MachineAction.HANG_UP,
    )


def apology_of(content: AgentContent) -> FlowRun | None:
    """What somebody hears for whom no agent is free in time, where more are called than there are agents."""
    if content.mode is not PacingMode.PREDICTIVE:
        return None
    message = content.message or _APOLOGY
    run = msgspec.structs.replace(run_of(message), is_apology=True)
    if content.opt_out is None:
        return run
    return msgspec.structs.replace(run, steps=_with_opt_out(message, content.opt_out.digit))


def fields_of(contact: ContactCard) -> Mapping[str, str]:
    """What a text or a flow may name of a contact: its own fields, and its ``name`` and ``number``."""
    own = {name: held for name, held in contact.fields.items() if held and is_variable(name)}
    return {**own, **({"name": contact.name} if contact.name else {}), "number": contact.number}


def _with_opt_out(announcement: Announcement, digit: str) -> tuple[Step, ...]:
    """The announcement as a question, which this key answers; another key does no more than begin it again."""
    flow = announcing(announcement)
    say, bye = flow.steps[0], flow.steps[-1]
    assert isinstance(say, Play)
    assert isinstance(bye, HangUp)
    ask = Gather(
        name=say.name,
        prompt=say.sounds,
        first_digit_seconds=_LISTEN_SECONDS,
        retries=0,
        terminator=None,
        options=(Option(digits=digit, next=_OUT),),
        next=_AGAIN,
        no_input=bye.name,
    )
    again = Play(name=_AGAIN, sounds=say.sounds, next=bye.name)
    thanks = Play(name=_OUT, sounds=(PlayTone(tone=Tone.BEEP),), next=bye.name)
    return (ask, again, thanks, bye)
