"""What a run of the harness found, as values that go into JSON as they are (`dataclasses.asdict`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

INVARIANTS: Mapping[str, str] = {
    "I1": "every accepted order reaches exactly one final state; an unknown one is whole or absent",
    "I2": "initial stock = on hand + reserved + sold at every sampled moment; never negative",
    "I3": "one capture at most, if and only if confirmed, or else refunded exactly once",
    "I4": "one welcome per registration, one mail per final order state",
    "I5": "every cursor at the end of its feed, no job due, parked = planted poison",
    "I6": "requests that don't need the dead part: 99.9 % ok, p95 at most 1.5 times the fault-free",
}


@dataclass(frozen=True)
class Verdict:
    """Of one claim: one of INVARIANTS, or one that a fault makes beside them (its name says which).

    `checked` is how many things were looked at: of none, nothing was proved. Each line of `evidence`
    is a sentence that names the order, mail or id, so that a person can look it up; `note` says what
    was left out, and why.
    """

    claim: str
    held: bool
    checked: int
    evidence: tuple[str, ...] = ()
    note: str = ""

    @property
    def judgement(self) -> Judgement:
        """What it is worth: that nothing was found broken says little where nothing was looked at."""
        if not self.held:
            return "broken"
        if self.checked:
            return "held"
        return "not judged" if self.note else "none"


Judgement = Literal["held", "broken", "not judged", "none"]
"""`none`: there was nothing to look at; `not judged`: there was, and the note says why not."""

State = Literal["held", "broken", "not run"]


@dataclass(frozen=True)
class Second:
    """What customers met in one second of a fault; times in milliseconds. `at_s` counts from the
    injection and is negative before it. `spared` are the requests that did not need the dead part."""

    at_s: int
    ok: int
    failed: int
    unknown: int
    p50_ms: float
    p95_ms: float
    spared_p95_ms: float


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    fault: str
    what: str
    state: State
    reason: str = ""
    """Why it was not run, or the first thing that broke."""
    verdicts: tuple[Verdict, ...] = ()
    fault_s: float = 0.0
    drained_s: float = 0.0
    requests: int = 0
    orders: int = 0
    curve: tuple[Second, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)
    """What the fault itself measured: goodput, recovery, ..."""


@dataclass(frozen=True)
class Run:
    """A run, or what was done of it when it was `interrupted`. `baseline_ms` is the fault-free p95 by
    the customers' step."""

    seed: int
    seconds: float
    began: str
    took_s: float
    baseline_ms: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def held(self) -> bool:
        """Whether every invariant held in everything that was run, and something was."""
        return not self.broken and any(outcome.state == "held" for outcome in self.outcomes)

    @property
    def broken(self) -> bool:
        """Whether any did not."""
        return any(outcome.state == "broken" for outcome in self.outcomes)
