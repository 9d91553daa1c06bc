"""A made-up run, with one fault of each kind."""

from __future__ import annotations

import random
from dataclasses import replace

from tools.faults.outcome import INVARIANTS, Outcome, Run, Second, Verdict

LONG = "ord_00000000000000000000000042"


def run() -> Run:
    chance = random.Random(1)
    return Run(
        seed=7,
        seconds=20.0,
        began="2026-11-22T13:00:00Z",
        took_s=1502.0,
        baseline_ms={"browse": 12.3, "order": 48.9},
        outcomes=(
            _outcome("kill-orders-web", chance, dead=(0, 4)),
            _outcome("latency orders->catalog", chance, dead=(0, 20)),
            _broken(chance),
            Outcome(
                "disk-full-postgres", "PostgreSQL's disk is full", "not run", "only root may mount"
            ),
        ),
    )


def _outcome(name: str, chance: random.Random, dead: tuple[int, int]) -> Outcome:
    verdicts = tuple(
        Verdict(claim, True, 0 if claim == "I4" else chance.randint(10, 400))
        for claim in INVARIANTS
    )
    return Outcome(
        fault=name,
        what="kill -9, as the machine does when it runs out of memory",
        state="held",
        verdicts=verdicts,
        fault_s=20.0,
        drained_s=3.4,
        requests=1234,
        orders=210,
        curve=tuple(_second(at_s, chance, dead) for at_s in range(-5, 30)),
        figures={"goodput at 5 times capacity": "97 %", "back within": "1.2 s"},
    )


def _second(at_s: int, chance: random.Random, dead: tuple[int, int]) -> Second:
    hurt = dead[0] <= at_s < dead[1]
    p95 = chance.uniform(400, 900) if hurt else chance.uniform(30, 60)
    failed = chance.randint(5, 12) if hurt else 0
    return Second(at_s, 40 - failed, failed, failed // 3, p95 / 3, p95, chance.uniform(20, 30))


def _broken(chance: random.Random) -> Outcome:
    whole = _outcome("wipe-valkey", chance, dead=(2, 3))
    bad = Verdict(
        "I3", False, 200, (f"{LONG}: captured 2 times <and> confirmed", "ord_2: no refund")
    )
    own = Verdict("refused in 50 ms", False, 900, ("503 after 81 ms",))
    verdicts = tuple(bad if verdict.claim == "I3" else verdict for verdict in whole.verdicts)
    return replace(
        whole, state="broken", reason=f"I3: {bad.evidence[0]}", verdicts=(*verdicts, own)
    )
