"""I6: whether requests that do not need the dead part went as well as without the fault."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.faults.fault import Fault
from tools.faults.history import Told, p95_s, quantile
from tools.faults.outcome import Second, Verdict

OK_AT_LEAST = 0.999
TIMES_SLOWER = 1.5
# Starting one process again takes a core for a second, and there are two, with the customers on
# them: so much later a good answer may come whatever it was, and nobody notices (see the README).
FLOOR_S = 0.1
# With so much of the machine taken by others, how late an answer came says nothing, and some are
# refused because all threads wait for a core: then I6 is held to less, and the verdict says so. With
# more than half of the machine taken, what went wrong may be theirs, and only what went well counts.
OTHERS_AT_MOST_CORES = 0.4
OTHERS_AT_MOST_PART = 0.5
OK_WITH_OTHERS = 0.9
# Of fewer than so many requests the p95 is one of the slowest two, and tells of chance alone.
_ENOUGH = 40


def by_step(told: Iterable[Told]) -> dict[str, list[Told]]:
    """Sorted by what was done."""
    found: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        found[each.step].append(each)
    return dict(found)


@dataclass(frozen=True)
class Baseline:
    """The p95 of each step in seconds, without a fault, and how many cores others used meanwhile."""

    p95_s: Mapping[str, float]
    others_cores: float = 0.0

    @property
    def noisy(self) -> bool:
        """Whether it was measured while others made answers late: against it all would be quick."""
        return self.others_cores > OTHERS_AT_MOST_CORES


def baseline(told: Iterable[Told], others_cores: float = 0.0) -> Baseline:
    """Of what was asked without a fault."""
    return Baseline({step: p95_s(each) for step, each in by_step(told).items()}, others_cores)


def judge(fault: Fault, told: Iterable[Told], calm: Baseline, others_cores: float) -> Verdict:
    """I6 for what was asked while the fault was on, and other programs used so many cores."""
    spared = [each for each in told if not each.needs & fault.hurts]
    if not spared:
        return Verdict("I6", True, 0)
    note = ""
    if others_cores > OTHERS_AT_MOST_CORES:
        evidence = _wrong(spared, OK_WITH_OTHERS)
        if evidence and others_cores > OTHERS_AT_MOST_PART * (os.cpu_count() or 1):
            note = f"not judged: other programs used {others_cores:.1f} cores; {evidence[0]}"
            return Verdict("I6", True, 0, (), note)
        note = (
            f"other programs used {others_cores:.1f} cores: {OK_WITH_OTHERS:.0%} ok were asked for "
            f"and not {OK_AT_LEAST:.1%}, and p95 was not judged"
        )
    elif calm.noisy:
        evidence = _wrong(spared, OK_AT_LEAST)
        note = (
            f"p95 was not judged: other programs used {calm.others_cores:.1f} cores while it was "
            "measured without a fault"
        )
    else:
        evidence = [*_wrong(spared, OK_AT_LEAST), *_late(spared, calm)]
    return Verdict("I6", not evidence, len(spared), tuple(evidence), note)


def _late(spared: list[Told], calm: Baseline) -> Iterator[str]:
    for step, asked in by_step(spared).items():
        before = calm.p95_s.get(step, 0.0)
        now, allowed = p95_s(asked), max(FLOOR_S, TIMES_SLOWER * before)
        if len(asked) >= _ENOUGH and now > allowed:
            yield (
                f"{step}: p95 {now * 1000:.0f} ms of {len(asked)} requests, at most "
                f"{allowed * 1000:.0f} ms are allowed (fault-free {before * 1000:.0f} ms)"
            )


def _wrong(spared: list[Told], at_least: float) -> list[str]:
    wrong = [each for each in spared if each.said != "ok"]
    if len(wrong) <= math.floor(len(spared) * (1 - at_least)):
        return []
    return [
        f"{len(wrong)} of {len(spared)} requests that do not need it went wrong",
        *(
            f"customer {each.customer}: {each.step} got {each.status or 'no answer'} after "
            f"{each.took_s:.2f} s: {each.why}"
            for each in wrong[:5]
        ),
    ]


def curve(fault: Fault, told: Iterable[Told], injected_at: float) -> tuple[Second, ...]:
    """What happened second by second."""
    seconds: dict[int, list[Told]] = defaultdict(list)
    for each in told:
        seconds[math.floor(each.at - injected_at)].append(each)
    return tuple(_second(at_s, seconds[at_s], fault) for at_s in sorted(seconds))


def _second(at_s: int, told: list[Told], fault: Fault) -> Second:
    took = [each.took_s for each in told]
    said = [each.said for each in told]
    return Second(
        at_s=at_s,
        ok=said.count("ok"),
        failed=said.count("failed"),
        unknown=said.count("unknown"),
        p50_ms=round(quantile(took, 0.5) * 1000, 1),
        p95_ms=round(quantile(took, 0.95) * 1000, 1),
        spared_p95_ms=round(p95_s(e for e in told if not e.needs & fault.hurts) * 1000, 1),
    )
