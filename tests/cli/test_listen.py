"""``offhook listen``: what it refuses before it begins."""

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:9000", "localhost:9000/webhooks", "ftp://127.0.0.1/", "http://", "http://[::1", "http://h:99999/", ""],
)
def test_given_a_target_that_is_no_address_of_http_when_listening_then_it_is_refused_at_once(
    offhook: Command, address: str
) -> None:
    # Nobody serves at port 1: it would wait for the service for ever.
    said = offhook.run("listen", "--forward-to", address, "--url", "http://127.0.0.1:1", "--key", "ofk_test_example")

    assert said.status == 2
    assert "--forward-to" in said.err
    assert "http://127.0.0.1:9000/webhooks" in said.err
