"""Runs faults one after the other against one world, and judges after each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from tools.dev.errors import Refusal
from tools.faults import evidence, rest, shelf, spared
from tools.faults.bystanders import Bystanders
from tools.faults.checker import Case, Checker
from tools.faults.customers import CUSTOMERS, WANTS, Customers
from tools.faults.fault import Fault
from tools.faults.history import History
from tools.faults.outcome import Outcome, Run, State, Verdict
from tools.faults.sampler import Sampler
from tools.faults.steps import Step
from tools.faults.troubles import Troubles, and_then
from tools.faults.world import World

_CALM_S = 3.0
# After a restart: a neighbour's breaker that it opened is tried again after two.
_SETTLED_S = 3.0
_RESTARTED_S = 0.5
_AFTER_S = 3.0
_WARM_S = 6.0
BASELINE_S = 15.0


class Watcher(Protocol):
    """Hears how the run goes; called from the thread of the run."""

    def phase(self, fault: str, phase: str, left: int = 0) -> None:
        """A fault's next phase: calm, setting up, fault, lifting, after, draining (with how much is
        left), judging."""

    def outcome(self, outcome: Outcome) -> None:
        """A fault is done."""


class Silent:
    """Says nothing."""

    def phase(self, fault: str, phase: str, left: int = 0) -> None:
        """As of Watcher."""

    def outcome(self, outcome: Outcome) -> None:
        """As of Watcher."""


@dataclass
class _Course:
    """How far a fault came, and what it was like."""

    injected: bool = False
    lasted_s: float = 0.0
    others_cores: float = 0.0


class Harness:
    """Of one world that has started. `seconds` is how long each fault lasts; `strict` judges as if
    no other program used the machine."""

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        seconds: float,
        watcher: Watcher | None = None,
        customers: int = CUSTOMERS,
        baseline_s: float = BASELINE_S,
        drain_s: float = rest.DRAIN_S,
        strict: bool = False,
        wants: Mapping[Step, int] = WANTS,
    ) -> None:
        self.world = world
        self.history = History()
        self.outcomes: list[Outcome] = []
        self._seed = seed
        self._seconds = seconds
        self._watcher: Watcher = watcher or Silent()
        self._customers = Customers(
            self.history, world.url, seed=seed, number=customers, wants=wants
        )
        self._sampler = Sampler(world)
        self._bystanders = Bystanders(world)
        self._checker = Checker()
        self._leftovers = rest.Leftovers(world, drain_s)
        self._baseline_s = baseline_s
        self._strict = strict
        self._calm: spared.Baseline | None = None
        self._began, self._at = time.monotonic(), _now()

    def run(self, faults: Iterable[Fault]) -> Run:
        """All of them. Whatever one of them meets is its outcome, a bug of the harness too."""
        self.outcomes = []
        self._began, self._at = time.monotonic(), _now()
        for fault in faults:
            outcome = self._tried(fault)
            self.outcomes.append(outcome)
            self._watcher.outcome(outcome)
        return self.so_far()

    def so_far(self) -> Run:
        """The faults that are done: all that there is to tell of a run that was interrupted."""
        calm = self._calm.p95_s if self._calm is not None else {}
        return Run(
            seed=self._seed,
            seconds=self._seconds,
            began=self._at,
            took_s=round(time.monotonic() - self._began, 1),
            baseline_ms={step: round(s * 1000, 1) for step, s in sorted(calm.items())},
            outcomes=tuple(self.outcomes),
        )

    def _tried(self, fault: Fault) -> Outcome:
        """As `_one`; a shop that does not come back, or cannot be asked, is an outcome too."""
        outcome = Outcome(fault.name, fault.what, "broken")
        with Troubles(self.world.places.log("harness")) as troubles:
            with troubles.noted():
                outcome = self._one(fault, troubles)
        if troubles.first:
            outcome = replace(outcome, state="broken", reason=troubles.first)
        return outcome

    def _one(self, fault: Fault, troubles: Troubles) -> Outcome:
        tell, name = self._watcher.phase, fault.name
        if reason := fault.can_run(self.world):
            return Outcome(name, fault.what, "not run", reason)
        if self._calm is None:
            self._calm = self._measure()
        round = self.history.next_round()
        self._leftovers.begin()
        ours = shelf.fill(self.world, round)
        course = _Course()
        self._sampler.start(ours, round)
        with and_then(self._sampler.stop):
            with troubles.noted():
                self._lived_through(fault, ours, course, troubles)
            drained_s, left = self._leftovers.wait(lambda left: tell(name, "draining", left))
            tell(name, "judging")
            self._customers.look_once_more()
        verdicts = self._judge(ours, left, fault.parked(self.world))
        told = self.history.told("fault")
        verdicts.append(spared.judge(fault, told, self._calm, course.others_cores))
        verdicts += self._own(fault, course, troubles)
        return self._outcome(fault, verdicts, course, drained_s)

    def _measure(self) -> spared.Baseline:
        """The fault-free times, once everything is warm; once more if others took the machine."""
        if not self._baseline_s:
            return spared.baseline(())
        self._watcher.phase("", "measuring without a fault")
        round = self.history.next_round()
        with and_then(self._customers.close):
            self._customers.open(shelf.fill(self.world, round))
            time.sleep(_WARM_S)
            calm = self._measured()
            if calm.noisy:
                self._watcher.phase("", "measuring once more, others are at work")
                calm = self._measured()
        rest.wait(self.world)
        self._customers.look_once_more()
        return calm

    def _measured(self) -> spared.Baseline:
        self._bystanders.start()
        self.history.begin("fault")  # nothing is wrong; so is it measured as if
        began = self.history.injected_at
        time.sleep(self._baseline_s)
        self.history.begin("after")
        told = [each for each in self.history.told("fault") if each.at >= began]
        return spared.baseline(told, self._others_cores())

    def _others_cores(self) -> float:
        """Since the bystanders were started."""
        cores = self._bystanders.stop()
        return 0.0 if self._strict else cores

    def _lived_through(
        self, fault: Fault, ours: shelf.Shelf, course: _Course, troubles: Troubles
    ) -> None:
        """The fault, with customers before, meanwhile and after."""
        self._customers.broken = None  # that was another fault's
        with and_then(self._customers.close):
            self._watcher.phase(fault.name, "calm")
            if fault.customers:
                self._customers.open(ours)
                time.sleep(_CALM_S)
            with troubles.noted():
                self._hurt(fault, course)
            with troubles.noted():
                self.world.wait_until_ready()
            self._watcher.phase(fault.name, "after")
            time.sleep(_AFTER_S if fault.customers else 0.0)

    def _hurt(self, fault: Fault, course: _Course) -> None:
        tell, world = self._watcher.phase, self.world
        chance = random.Random(f"{self._seed}/{fault.name}")
        with and_then(lambda: fault.tidy(world)):
            self.history.begin("setting up")
            tell(fault.name, "setting up")
            began = time.monotonic()
            fault.prepare(world, chance)
            if fault.customers and time.monotonic() - began > _RESTARTED_S:
                time.sleep(_SETTLED_S)
            tell(fault.name, "fault")
            with and_then(lambda: self._lift(fault, course)):
                self.history.begin("fault")
                self._bystanders.start()
                fault.inject(world, chance)
                course.injected = True
                gone_s = time.monotonic() - self.history.injected_at
                fault.last(max(0.0, max(self._seconds, fault.lasts_s or 0.0) - gone_s))

    def _lift(self, fault: Fault, course: _Course) -> None:
        course.lasted_s = time.monotonic() - self.history.injected_at
        course.others_cores = self._others_cores()
        self.history.begin("after")
        self._watcher.phase(fault.name, "lifting")
        fault.lift(self.world)

    def _judge(
        self, ours: shelf.Shelf, left: Mapping[str, str], planted: Set[str]
    ) -> list[Verdict]:
        """I1 to I5."""
        parked = rest.parked(self.world)
        new = {id_: said for id_, said in parked.items() if id_ not in planted}
        missing = {
            id_: f"{id_} was poisoned, and was not parked" for id_ in planted if id_ not in parked
        }
        case = Case(
            history=self.history,
            kept=evidence.gather(self.world),
            shelf=ours,
            looks=self._sampler.samples,
            watched=self._sampler.evidence,
            # What was told before is left out already; the same name is another finding now.
            left={f"{name} after {self.history.round}": said for name, said in left.items()},
            parked=self._leftovers.new(new | missing),
        )
        self._leftovers.tell(left, parked)
        return self._checker.judge(case)

    def _own(self, fault: Fault, course: _Course, troubles: Troubles) -> Sequence[Verdict]:
        """The fault's own claims; of one that was not injected there is nothing that it could say."""
        if course.injected:
            with troubles.noted():
                return fault.judge(self.world, self.history)
        return ()

    def _outcome(
        self, fault: Fault, verdicts: Sequence[Verdict], course: _Course, drained_s: float
    ) -> Outcome:
        broken = [verdict for verdict in verdicts if not verdict.held]
        unjudged = [verdict for verdict in verdicts if verdict.judgement == "not judged"]
        state: State = "held"
        reason = ""
        if broken:
            state, reason = "broken", f"{broken[0].claim}: {broken[0].evidence[0]}"
        elif unjudged:  # then it was not tried, whatever else held meanwhile
            state, reason = "not run", f"{unjudged[0].claim}: {unjudged[0].note}"
        return Outcome(
            fault=fault.name,
            what=fault.what,
            state=state,
            reason=reason,
            verdicts=tuple(verdicts),
            fault_s=round(course.lasted_s, 1),
            drained_s=round(drained_s, 1),
            requests=len(self.history.told()),
            orders=sum(wish.placed for wish in self.history.orders()),
            curve=spared.curve(fault, self.history.told(), self.history.injected_at),
            figures=dict(fault.figures),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def chosen(faults: Sequence[Fault], only: Sequence[str]) -> list[Fault]:
    """Those of these names in this order; without names, all that need no name. Raises Refusal with
    code 2 for a name that there is not."""
    if not only:
        return [fault for fault in faults if not fault.only_by_name]
    by_name = {fault.name: fault for fault in faults}
    if unknown := [name for name in only if name not in by_name]:
        raise Refusal(f"there is no fault {', '.join(unknown)}; see ./dev faults --list", code=2)
    return [by_name[name] for name in only]
