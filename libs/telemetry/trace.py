"""W3C trace context: which trace a piece of work belongs to, across processes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NONE = ("0" * 32, "0" * 16)


@dataclass(frozen=True, slots=True)
class Trace:
    """One span of a trace: the trace it belongs to, its own id, whether it is sampled."""

    trace_id: str
    span_id: str
    flags: str = "01"

    @classmethod
    def begin(cls) -> Trace:
        """A trace of its own."""
        ids = os.urandom(24).hex()
        return cls(ids[:32], ids[32:])

    @classmethod
    def continued(cls, traceparent: str | None) -> Trace:
        """A new span in the trace of a `traceparent` header; a new trace without a valid one."""
        match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
        if match is None or match[1] == _NONE[0] or match[2] == _NONE[1]:
            return cls.begin()
        return cls(match[1], os.urandom(8).hex(), match[3])

    @property
    def traceparent(self) -> str:
        """The header that a call made within this span carries."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"
