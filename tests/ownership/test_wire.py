"""What is said between processes comes out as it went in."""

import msgspec

from app.accounts.scopes import Scope
from app.errors import Problem, RefusedError
from app.ownership.wire import Failed, HangUp, decode_reply, encode
from app.reaching.hanging_up import House


def test_given_a_refusal_when_another_process_hears_it_then_it_is_whole() -> None:
    problems = [
        Problem("RATE_LIMITED", "Too many.", ("destination",), retry_after_seconds=0.25),
        Problem("INVALID_STATE", "It is over.", current_state="ENDED"),
    ]
    heard = decode_reply(encode(Failed.of(RefusedError(problems))).decode())
    assert isinstance(heard, Failed)
    error = heard.as_error()
    assert isinstance(error, RefusedError)
    assert list(error.problems) == problems


def test_given_the_house_when_it_hangs_up_elsewhere_then_it_may() -> None:
    house = House(
        account_id="acc_1",
        account_name="",
        default_region="US",
        key_id="",
        scopes=frozenset({Scope.CALLS_CONTROL}),
    )
    heard = msgspec.json.decode(encode(HangUp(principal=house, call_id="call_1")), type=HangUp)
    assert heard.call_id == "call_1"
    heard.principal.require(Scope.CALLS_CONTROL)
