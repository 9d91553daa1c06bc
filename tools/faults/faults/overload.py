"""More requests than the shop can answer: it answers as many as before, and refuses the rest at once."""

from __future__ import annotations

import math
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psutil

from tools.faults.bystanders import Bystanders
from tools.faults.fault import Fault
from tools.faults.history import History, Told, quantile
from tools.faults.load import Answer, Plan, get, started, summed
from tools.faults.outcome import Verdict
from tools.faults.spared import OTHERS_AT_MOST_CORES
from tools.faults.world import World

_UNIT = "catalog.web"
# As a service comes, and not as the shop of the faults, whose services wait for hurt neighbours.
_THREADS = "8"
# So many at once keep it busy; more of them only take turns.
_AT_ONCE = 4
_WARM_S, _CAPACITY_S, _OVERLOAD_S, _BACK_S = 2.0, 1.0, 1.2, 10.0
_TIMES = (2, 5)
# A machine's speed wanders by a fifth within seconds: each round is short and has a capacity of its
# own, and there are more of them until the median of their shares is known to a point.
_ROUNDS_AT_LEAST, _ROUNDS_AT_MOST = 8, 20
_KNOWN_TO = 0.01
_GOODPUT = 0.9
_REFUSED_WITHIN_MS = 50.0
_P99 = "p99 of refusals within 50 ms at {} times"
_GROWS_MIB = 16.0
_CALM = 0.2  # of the capacity
_TIMES_SLOWER = 2.0


class Overload(Fault):
    """Readers of the catalog, an open loop: they come whether or not the earlier ones were served."""

    name = "overload"
    what = "2 and 5 times as many requests as catalog can answer"
    hurts = frozenset({_UNIT})
    customers = False

    def __init__(self) -> None:
        super().__init__()
        self._told: list[Told] = []
        self._verdicts: list[Verdict] = []
        self._others_cores = 0.0

    def prepare(self, world: World, chance: random.Random) -> None:
        """With as many threads as a service has."""
        world.tell(_UNIT, WEB_THREADS=_THREADS)
        world.restart(_UNIT)

    def inject(self, world: World, chance: random.Random) -> None:
        """Measure what it can, offer more, and look how it gets over that."""
        port = int(world.url(_UNIT).rpartition(":")[2])
        requests = tuple(get(f"/api/v1/products?category=things&limit={n}") for n in (5, 10))
        most = Plan(port, requests, 5_000, _CAPACITY_S, connections=_AT_ONCE, until_it_closes=True)
        self._told, self._verdicts = [], []
        tried = {times: _Tried() for times in _TIMES}
        # A process that has just started is slower.
        capacities = [_capacity(replace(most, seconds=_WARM_S))]
        calm = self._answers(Plan(port, requests, capacities[0] * _CALM, 3.0))
        bystanders = Bystanders(world)
        bystanders.start()
        with _memory_of(world, _UNIT) as grown:
            while _needs_another(tried):
                capacities.append(_capacity(most))
                for times, each in tried.items():
                    plan = Plan(port, requests, capacities[-1] * times, _OVERLOAD_S)
                    each.add(self._answers(plan), capacities[-1])
        self._others_cores = bystanders.stop()
        self.figures["capacity"] = f"{statistics.median(capacities[1:]):.0f} a second"
        self.figures["rounds"] = f"{len(capacities) - 1}"
        self._judge_loads(tried)
        after = self._answers(Plan(port, requests, capacities[-1] * _CALM, _BACK_S))
        self._judge_rest(grown(), _back_after_s(after, _p95(calm)))

    def tidy(self, world: World) -> None:
        """As many threads as before."""
        world.tell(_UNIT, WEB_THREADS=None)
        world.restart(_UNIT)

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """What was measured; the history gets each answer, for the curve."""
        for told in self._told:
            history.note(told)
        return self._verdicts

    def _answers(self, plan: Plan) -> list[Answer]:
        began = time.monotonic()
        answers = _sent(plan)
        self._told += [
            Told(
                at=began + answer.due_s,
                took_s=answer.took_s,
                phase="fault",
                customer=0,
                step="browse",
                needs=self.hurts,
                said="ok" if answer.status == 200 else "failed",
                status=answer.status,
            )
            for answer in answers
        ]
        return answers

    def _judge_loads(self, tried: Mapping[int, _Tried]) -> None:
        # The peak may be at a load that was meant to be too much.
        peak = max(1.0, *(each.share for each in tried.values()))
        for times, each in tried.items():
            self._judge_one(times, each, each.share / peak)

    def _judge_one(self, times: int, tried: _Tried, share: float) -> None:
        told = summed(tried.answers)
        within = f"to {tried.error * 100:.1f} points"
        self.figures[f"goodput at {times} times"] = f"{share:.1%} of the peak, {within}"
        self.figures[f"refused at {times} times"] = (
            f"{told.refused} in {told.refused_p50_ms:.1f} ms, p99 {told.refused_p99_ms:.1f} ms"
        )
        asked = told.good + told.refused + told.wrong + told.lost
        rounds = ", ".join(f"{each:.0%}" for each in tried.shares)
        bad = f"{share:.1%} of the peak are answered, {within}; of each round's capacity {rounds}"
        self._timed(f"goodput at {times} times", share >= _GOODPUT, asked, bad)
        polite = not (told.wrong or told.lost or told.without_retry_after)
        bad = (
            f"{told.wrong} answers were neither good nor 429 or 503, {told.lost} were none, "
            f"{told.without_retry_after} had no Retry-After"
        )
        self._claim(f"refused politely at {times} times", polite, told.refused, bad)
        quick = told.refused_p99_ms <= _REFUSED_WITHIN_MS
        bad = f"p99 of the refusals is {told.refused_p99_ms:.0f} ms"
        if not told.refused:
            note = "not judged: nobody was refused, so this was no overload"
            self._verdicts.append(Verdict(_P99.format(times), True, 0, (), note))
        else:
            self._timed(_P99.format(times), quick, told.refused, bad)

    def _judge_rest(self, grown_mib: float, back_s: float) -> None:
        self.figures["memory grew by"] = f"{grown_mib:.0f} MiB"
        self._claim("memory is flat", grown_mib <= _GROWS_MIB, 1, f"it grew by {grown_mib:.0f} MiB")
        self.figures["back within"] = f"{back_s:.0f} s"
        late = f"after {_BACK_S:.0f} s it was not as quick as before"
        self._timed("back within 10 s", back_s < _BACK_S, 1, late)

    def _timed(self, claim: str, held: bool, checked: int, bad: str) -> None:
        """A claim about time, which says nothing while other programs take the machine."""
        if not held and self._others_cores > OTHERS_AT_MOST_CORES:
            note = f"{bad}; not judged: other programs used {self._others_cores:.1f} cores"
            self._verdicts.append(Verdict(claim, True, 0, (), note))
        else:
            self._claim(claim, held, checked, bad)

    def _claim(self, claim: str, held: bool, checked: int, bad: str) -> None:
        self._verdicts.append(Verdict(claim, held, checked, () if held else (bad,)))


@dataclass
class _Tried:
    """What was answered to so many times the capacity in all rounds, and which part of each round's
    capacity that was."""

    answers: list[Answer] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def add(self, answers: list[Answer], capacity: float) -> None:
        """One more round."""
        self.answers += answers
        self.shares.append(summed(answers, seconds=_OVERLOAD_S).good_per_s / capacity)

    @property
    def share(self) -> float:
        """The median of the rounds, which a moment's noise does not move."""
        return statistics.median(self.shares)

    @property
    def error(self) -> float:
        """The standard error of `share`, from the quartiles."""
        low, _, high = statistics.quantiles(self.shares, n=4)
        return 0.93 * (high - low) / math.sqrt(len(self.shares))


def _needs_another(tried: Mapping[int, _Tried]) -> bool:
    rounds = min(len(each.shares) for each in tried.values())
    if rounds < _ROUNDS_AT_LEAST:
        return True
    return rounds < _ROUNDS_AT_MOST and any(each.error > _KNOWN_TO for each in tried.values())


def _capacity(most: Plan) -> float:
    """Good answers a second to a few who ask as fast as they are answered."""
    told = summed(_sent(most), seconds=most.seconds)
    if not told.good:
        raise RuntimeError(f"{_UNIT} answers none of those who read its products")
    return told.good_per_s


def _sent(plan: Plan) -> list[Answer]:
    with started(plan) as load:
        return load.answers()


def _p95(answers: Sequence[Answer]) -> float:
    return quantile([answer.took_s for answer in answers], 0.95)


def _back_after_s(answers: Sequence[Answer], calm_s: float) -> float:
    """Of the seconds, the first from which on all are as good as before."""
    allowed = max(0.05, calm_s * _TIMES_SLOWER)
    back = 0.0
    for second in range(math.ceil(_BACK_S)):
        asked = [answer for answer in answers if second <= answer.due_s < second + 1]
        if not asked or any(answer.status != 200 for answer in asked) or _p95(asked) > allowed:
            back = second + 1.0
    return back


@contextmanager
def _memory_of(world: World, unit: str) -> Iterator[Callable[[], float]]:
    """Within the block its processes are looked at; what is yielded says by how many MiB they grew."""
    ended = threading.Event()
    seen: list[float] = []

    def look() -> None:
        while not ended.wait(0.5):
            seen.append(_mib_of(world, unit))

    first = _mib_of(world, unit)
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield lambda: max([first, *seen]) - first
    finally:
        ended.set()
        thread.join()


def _mib_of(world: World, unit: str) -> float:
    process = world.process(unit)
    if process is None:
        return 0.0
    parent = psutil.Process(process.pid)
    family = [parent, *parent.children(recursive=True)]
    return sum(each.memory_info().rss for each in family) / 2**20


def faults(services: Sequence[str]) -> list[Fault]:
    """One."""
    return [Overload()]
