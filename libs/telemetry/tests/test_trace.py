"""W3C trace context."""

from __future__ import annotations

import pytest

from libs.telemetry.trace import Trace

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_call_stays_in_its_trace_under_a_span_of_its_own() -> None:
    inner = Trace.continued(f"00-{TRACE}-{SPAN}-01")

    assert inner.trace_id == TRACE
    assert inner.span_id != SPAN
    assert Trace.continued(inner.traceparent).trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "rubbish",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"ff-{TRACE}-{SPAN}-01",
        "00-" + "a" * 10_000,
    ],
)
def test_a_header_that_is_none_begins_a_trace(header: str | None) -> None:
    begun = Trace.continued(header)

    assert begun.trace_id != TRACE
    assert len(begun.traceparent) == 55
