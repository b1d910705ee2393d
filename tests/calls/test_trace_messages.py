"""What an agent was written stays out of a call's trace, which can be done again all the same."""

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.verbs import SendMessage
from app.calls.traces.replay import replay
from app.facts.vocabulary import Pair
from app.flows.steps import MediaStream
from tests.calls.asking import ask
from tests.calls.making import make_call
from tests.calls.test_trace_keys import BYE, assert_done_again, traced
from tests.calls.test_traces import file_of, run_trace, story_of

OFFER = "Grace wants the offer"
HURRY = "She calls from a train"


def test_given_messages_of_both_kinds_when_a_call_is_traced_then_no_line_has_their_text_and_it_is_done_again() -> None:
    call = msgspec.structs.replace(make_call(), softphone_message=OFFER)
    start, *story = story_of(call)
    failed = commands.SendText(leg_id=call.legs[0].id, message_text=OFFER)
    written: list[tuple[inputs.Input, float]] = [
        (inputs.CommandFailed(command=failed, kind=FailureKind.REFUSED, detail="404"), 0.1),
        (ask(SendMessage(message_text=HURRY)), 0.2),
    ]
    trace, told = run_trace(call, [start, story[0], *written, *story[1:]])
    lines = file_of(trace.document(), told)
    text = b"\n".join(lines).decode()
    assert "SendText" in text
    assert "SendMessage" in text or "send_message" in text
    assert OFFER not in text
    assert HURRY not in text
    assert replay(lines).difference is None


def test_given_a_flow_with_a_program_when_its_call_is_traced_then_no_line_has_its_credential_and_it_is_done_again() -> (
    None
):
    parameters = (Pair(key="customer", value="C-4711"),)
    program = MediaStream(
        name="program", url="wss://bot.example/talk?token=s3cr3t", next="bye", failed="bye", parameters=parameters
    )
    driver = traced((program, BYE))
    driver.begin()
    driver.go_through("")
    lines = driver.lines()
    text = b"\n".join(lines).decode()
    assert "wss://bot.example/talk" in text
    assert "s3cr3t" not in text
    assert "C-4711" not in text
    assert_done_again(replay(lines), driver)
