"""What a network does to those who trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an edge treats what goes over it; with nothing said, all passes untouched.

    A request goes from who opened the connection, an answer comes back to it.
    """

    latency_s: float = 0.0
    """Requests are held for so long, which is what a round trip takes longer."""
    silent: bool = False
    """Nothing passes, either way, while connections stay open. What was sent meanwhile arrives when
    this ends, as TCP has it."""
    accepts: bool = True
    """False: connecting hangs too, as behind a firewall that drops, and the rest is silent."""
    reset_after_bytes: int | None = None
    """After so many bytes of answers a connection is reset (RST)."""
    answer_bytes_per_s: int | None = None
    """Answers drip."""
    loses: Literal["", "requests", "answers"] = ""
    """Bytes that way vanish. A connection that lost some is reset when this ends, for TCP delivers
    all in order or nothing."""

    @property
    def stands_still(self) -> bool:
        """Whether nothing moves on the connections that are there."""
        return self.silent or not self.accepts


PASS = Behaviour()
LATE = Behaviour(latency_s=0.5)
BLACK_HOLE = Behaviour(silent=True)
NO_ROUTE = Behaviour(accepts=False)
CUT = Behaviour(reset_after_bytes=40)
DRIP = Behaviour(answer_bytes_per_s=100)
DEAF = Behaviour(loses="requests")
MUTE = Behaviour(loses="answers")
