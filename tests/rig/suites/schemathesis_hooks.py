"""What Schemathesis does not know of this API: its scalars, and what a fault looks like in an answer."""
# mypy: ignore-errors
# It runs in an environment of its own, whose packages are not here.

from typing import Any

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

_TEXTS = {
    "PhoneNumber": (
        *("+15550100000", "+442079460000", "+1900", "300&PJSIP/1900@trunk", "+1555\r\n0100", "", "x" * 5000),
        "".join(chr(ord(digit) + 0xFEE0) for digit in "12125550100"),
    ),
    "DateTime": (
        *("2026-11-21T16:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *("now", ""),
    ),
    "LocalDateTime": (
        *("2026-11-21T16:00:00", "2026-03-29T02:30:00", "2026-10-25T02:30:00", "99999-01-01T00:00:00", "16:00"),
    ),
    "Date": ("2026-11-21", "2026-02-30", "9999-12-31", "yesterday"),
}
_FAULT = 500
_TOLD = 3000

for name, samples in _TEXTS.items():
    schemathesis.graphql.scalar(name, st.sampled_from(samples).map(nodes.String))
schemathesis.graphql.scalar("Long", st.integers(min_value=-(2**70), max_value=2**70).map(nodes.Int))


@schemathesis.check
def no_fault(_context: Any, response: Any, case: Any) -> None:
    """Never a 5xx, and never an error without a code that says what is wrong."""
    assert response.status_code < _FAULT, f"{response.status_code}: {response.text[:_TOLD]}"
    for error in response.json().get("errors", ()):
        extensions = error.get("extensions", {})
        assert extensions.get("code") not in {None, "INTERNAL"}, f"{error} for {case.body!r}"[:_TOLD]
        assert "requestId" in extensions
