"""Whatever happens while a fault is tried is that fault's outcome, and the others have theirs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tools.dev.errors import Refusal
from tools.dev.state import UnitRecord
from tools.faults.fault import Fault
from tools.faults.harness import Harness, _Course
from tools.faults.history import History
from tools.faults.outcome import Outcome, Verdict
from tools.faults.troubles import Troubles, and_then
from tools.faults.world import World


class Still(World):
    """Never started, and always ready."""

    @property
    def units(self) -> Mapping[str, UnitRecord]:
        return {}

    def wait_until_ready(self, *units: str, within_s: float = 0.0) -> None:
        pass


class Made(Fault):
    """Does what it is told at each step."""

    what = "made up"
    customers = False

    def __init__(self, name: str, **steps: Callable[[], object]) -> None:
        super().__init__()
        self.name = name
        self._steps = steps
        self.done: list[str] = []

    def _do(self, step: str) -> None:
        self.done.append(step)
        self._steps.get(step, lambda: None)()

    def prepare(self, world: World, chance: random.Random) -> None:
        self._do("prepare")

    def inject(self, world: World, chance: random.Random) -> None:
        self._do("inject")

    def last(self, seconds: float) -> None:
        self._do("last")

    def lift(self, world: World) -> None:
        self._do("lift")

    def tidy(self, world: World) -> None:
        self._do("tidy")

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        self._do("judge")
        return ()


class Short(Harness):
    """Of a shop in which nobody looks at a database."""

    verdicts: tuple[Verdict, ...] = ()

    def _one(self, fault: Fault, troubles: Troubles) -> Outcome:
        course = _Course()
        with troubles.noted():
            self._hurt(fault, course)
        verdicts = [*self.verdicts, *self._own(fault, course, troubles)]
        return self._outcome(fault, verdicts, course, 0.0)


@pytest.fixture
def harness(tmp_path: Path) -> Short:
    world = Still(tmp_path)
    world.places.make()
    return Short(world, seed=1, seconds=1.0, baseline_s=0.0)


def fail(error: BaseException) -> Callable[[], object]:
    def step() -> None:
        raise error

    return step


def in_a_thread(do: Callable[[], object]) -> Callable[[], object]:
    def step() -> None:
        thread = threading.Thread(target=do)
        thread.start()
        thread.join()

    return step


def test_a_bug_of_the_harness_breaks_one_fault_and_no_other(harness: Short) -> None:
    bad = Made("bad", inject=fail(KeyError("mug")))

    outcomes = harness.run([Made("first"), bad, Made("last")]).outcomes

    assert [outcome.state for outcome in outcomes] == ["held", "broken", "held"]
    assert outcomes[1].reason == "the harness: KeyError: 'mug'"
    assert bad.done == ["prepare", "inject", "lift", "tidy"], "it is undone, and claims nothing"
    assert "KeyError" in harness.world.places.log("harness").read_text()


def test_a_fault_that_was_not_injected_is_not_asked_for_its_claims(harness: Short) -> None:
    bad = Made("bad", prepare=fail(Refusal("no second instance")), judge=fail(AssertionError()))

    (outcome,) = harness.run([bad]).outcomes

    assert (outcome.state, outcome.reason) == ("broken", "no second instance")
    assert bad.done == ["prepare", "tidy"]


def test_a_nemesis_that_died_has_proved_nothing(harness: Short) -> None:
    heard: list[object] = []
    before, threading.excepthook = threading.excepthook, heard.append
    try:
        nemesis = Made("nemesis", inject=in_a_thread(fail(ValueError("no such unit"))))
        (outcome,) = harness.run([nemesis]).outcomes
        in_a_thread(fail(ValueError("after it")))()
    finally:
        threading.excepthook = before

    assert outcome.state == "broken"
    assert outcome.reason == "the harness: ValueError: no such unit"
    assert len(heard) == 1, "only what died after the fault is the supervisor's to hear"


def test_ctrl_c_wins_over_what_the_tidying_meets_and_what_is_done_can_be_told(
    harness: Short,
) -> None:
    interrupted = Made(
        "interrupted", last=fail(KeyboardInterrupt()), tidy=fail(Refusal("not ready"))
    )

    with pytest.raises(KeyboardInterrupt):
        harness.run([Made("first"), interrupted, Made("last")])

    assert interrupted.done == ["prepare", "inject", "last", "lift", "tidy"]
    assert [outcome.fault for outcome in harness.so_far().outcomes] == ["first"]


def test_of_two_errors_the_first_is_told() -> None:
    with pytest.raises(KeyError) as raised, and_then(fail(ValueError("later"))):
        raise KeyError("first")

    assert raised.value.__notes__ == ["and then ValueError: later"]


@pytest.mark.parametrize("claim", ["I6", "none failed"])
def test_what_could_not_be_judged_makes_a_fault_not_run_unless_something_broke(
    harness: Short, claim: str
) -> None:
    unjudged = Verdict(claim, True, 0, (), "not judged: other programs used 1.5 cores")
    nothing_there = Verdict("I4", True, 0)

    def outcome(*verdicts: Verdict) -> tuple[str, str]:
        harness.verdicts = verdicts
        (found,) = harness.run([Made("some")]).outcomes
        return found.state, found.reason

    assert outcome(nothing_there) == ("held", "")
    assert outcome(nothing_there, unjudged) == (
        "not run",
        f"{claim}: not judged: other programs used 1.5 cores",
    )
    assert outcome(unjudged, Verdict("I3", False, 9, ("ord_1: captured 2 times",))) == (
        "broken",
        "I3: ord_1: captured 2 times",
    )
