"""Runs faults one after the other against one world, and judges after each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import psycopg

from tools.dev.errors import Refusal
from tools.faults import evidence, rest, shelf, spared
from tools.faults.bystanders import Bystanders
from tools.faults.checker import Case, Checker
from tools.faults.customers import CUSTOMERS, WANTS, Customers
from tools.faults.fault import Fault
from tools.faults.history import History
from tools.faults.outcome import INVARIANTS, Outcome, Run, State, Verdict
from tools.faults.sampler import Sampler
from tools.faults.steps import Step
from tools.faults.world import World

_CALM_S = 3.0
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
        self._seed = seed
        self._seconds = seconds
        self._watcher: Watcher = watcher or Silent()
        self._customers = Customers(
            self.history, world.url, seed=seed, number=customers, wants=wants
        )
        self._sampler = Sampler(world)
        self._bystanders = Bystanders(world)
        self._others_cores = 0.0
        self._checker = Checker()
        self._baseline_s = baseline_s
        self._drain_s = drain_s
        self._strict = strict
        self._calm: dict[str, float] = {}
        self._known: set[str] = set()

    def run(self, faults: Iterable[Fault]) -> Run:
        """All of them. Raises what a bug of the harness raises; what a fault meets is its outcome."""
        began, at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
        outcomes: list[Outcome] = []
        for fault in faults:
            reason = fault.can_run(self.world)
            if reason is None and self._baseline_s and not self._calm:
                self._measure()
            outcome = self._not_run(fault, reason) if reason else self._tried(fault)
            outcomes.append(outcome)
            self._watcher.outcome(outcome)
        return Run(
            seed=self._seed,
            seconds=self._seconds,
            began=at,
            took_s=round(time.monotonic() - began, 1),
            baseline_ms={step: round(s * 1000, 1) for step, s in sorted(self._calm.items())},
            outcomes=tuple(outcomes),
        )

    def _not_run(self, fault: Fault, reason: str) -> Outcome:
        return Outcome(fault.name, fault.what, "not run", reason)

    def _tried(self, fault: Fault) -> Outcome:
        """As `_one`; a shop that does not come back, or cannot be asked, is an outcome too."""
        try:
            return self._one(fault)
        except (Refusal, RuntimeError, OSError, psycopg.Error) as error:
            self._sampler.stop()
            why = f"{type(error).__name__}: {str(error).strip()}"
            return Outcome(fault.name, fault.what, "broken", why)

    def _measure(self) -> None:
        """The fault-free times, once everything is warm."""
        self._watcher.phase("", "measuring without a fault")
        round = self.history.next_round()
        self._customers.open(shelf.fill(self.world, round))
        time.sleep(_WARM_S)
        self.history.begin("fault")  # nothing is wrong; so is it measured as if
        time.sleep(self._baseline_s)
        self.history.begin("after")
        self._calm = spared.baseline(self.history.told("fault"))
        self._customers.close()
        rest.wait(self.world)
        self._customers.look_once_more()

    def _one(self, fault: Fault) -> Outcome:
        tell, name = self._watcher.phase, fault.name
        chance = random.Random(f"{self._seed}/{name}")
        round = self.history.next_round()
        ours = shelf.fill(self.world, round)
        self._sampler.start(ours, round)
        trouble = ""
        began = ended = time.monotonic()
        try:
            tell(name, "calm")
            if fault.customers:
                self._customers.open(ours)
                time.sleep(_CALM_S)
            try:
                self.history.begin("setting up")
                tell(name, "setting up")
                fault.prepare(self.world, chance)
                tell(name, "fault")
                began = time.monotonic()
                try:
                    self.history.begin("fault")
                    self._bystanders.start()
                    fault.inject(self.world, chance)
                    left_s = max(self._seconds, fault.lasts_s or 0.0) - (time.monotonic() - began)
                    fault.last(max(0.0, left_s))
                finally:
                    ended = time.monotonic()
                    others_cores = self._bystanders.stop()
                    self._others_cores = 0.0 if self._strict else others_cores
                    self.history.begin("after")
                    tell(name, "lifting")
                    fault.lift(self.world)
            finally:
                fault.tidy(self.world)
                self.world.wait_until_ready()
            tell(name, "after")
            time.sleep(_AFTER_S if fault.customers else 0.0)
        except Refusal as refusal:
            trouble = str(refusal)
        finally:
            self._customers.close()
        drained_s, left = rest.wait(
            self.world, self._known, self._drain_s, lambda left: tell(name, "draining", left)
        )
        tell(name, "judging")
        self._customers.look_once_more()
        self._sampler.stop()
        verdicts = self._judge(fault, ours, left)
        return self._outcome(fault, verdicts, trouble, ended - began, drained_s)

    def _judge(self, fault: Fault, ours: shelf.Shelf, left: dict[str, str]) -> list[Verdict]:
        parked = rest.parked(self.world)
        planted = fault.parked(self.world)
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
            left=left,
            parked={id_: said for id_, said in (new | missing).items() if id_ not in self._known},
        )
        verdicts = self._checker.judge(case)
        verdicts.append(
            spared.judge(fault, self.history.told("fault"), self._calm, self._others_cores)
        )
        verdicts += fault.judge(self.world, self.history)
        self._known |= left.keys() | parked.keys()
        return verdicts

    def _outcome(
        self,
        fault: Fault,
        verdicts: Sequence[Verdict],
        trouble: str,
        fault_s: float,
        drained_s: float,
    ) -> Outcome:
        broken = [verdict for verdict in verdicts if not verdict.held]
        reason = trouble or (f"{broken[0].claim}: {broken[0].evidence[0]}" if broken else "")
        state: State = "broken" if reason else "held"
        if not reason and (unjudged := [v for v in verdicts if _what_it_is_for(v)]):
            state, reason = "not run", f"{unjudged[0].claim}: {unjudged[0].note}"
        found = Outcome(
            fault=fault.name,
            what=fault.what,
            state=state,
            reason=reason,
            verdicts=tuple(verdicts),
            fault_s=round(fault_s, 1),
            drained_s=round(drained_s, 1),
            requests=len(self.history.told()),
            orders=sum(wish.placed for wish in self.history.orders()),
            curve=spared.curve(fault, self.history.told(), self.history.injected_at),
        )
        return replace(found, figures=dict(fault.figures))


def _what_it_is_for(verdict: Verdict) -> bool:
    """Whether this is a fault's own claim that could not be judged: then it was not tried, and that
    the invariants held meanwhile is not what it is for."""
    return verdict.claim not in INVARIANTS and not verdict.checked and bool(verdict.note)


def chosen(faults: Sequence[Fault], only: Sequence[str]) -> list[Fault]:
    """Those of these names in this order; without names, all that need no name. Raises Refusal with
    code 2 for a name that there is not."""
    if not only:
        return [fault for fault in faults if not fault.only_by_name]
    by_name = {fault.name: fault for fault in faults}
    if unknown := [name for name in only if name not in by_name]:
        raise Refusal(f"there is no fault {', '.join(unknown)}; see ./dev faults --list", code=2)
    return [by_name[name] for name in only]
