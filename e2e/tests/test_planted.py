"""The harness of tools/faults notices what it was built to notice: each bug, planted into a service
that runs, breaks the invariant that speaks of it; without the bug the same runs are clean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.faults.bugs import BUGS
from tools.faults.fault import Fault
from tools.faults.faults.calm import Calm
from tools.faults.faults.hung import Hung
from tools.faults.faults.kills import Killed
from tools.faults.faults.provider import AnswersLost
from tools.faults.harness import Harness
from tools.faults.outcome import Outcome
from tools.faults.steps import BROWSE, ME, ORDER, OVERVIEW, Step
from tools.faults.world import World

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)

SEED = 20261122
SECOND_WORKER = "notifications.worker2"


OVERVIEWS = {OVERVIEW: 9, ME: 1}
BUYERS = {ORDER: 4, BROWSE: 6}


@dataclass(frozen=True)
class Experiment:
    """A bug in some units, the fault that brings it out, and the invariants that must notice."""

    bug: str
    units: tuple[str, ...]
    fault: Fault
    notice: frozenset[str]
    seconds: float = 8.0
    baseline_s: float = 0.0
    wants: Mapping[Step, int] = field(default_factory=lambda: BUYERS)


EXPERIMENTS = (
    Experiment(
        "no-compare-and-set",
        ("notifications.worker", SECOND_WORKER),
        Calm(),
        frozenset({"I4"}),
    ),
    Experiment("read-modify-write-stock", ("catalog.web",), Calm(), frozenset({"I2"})),
    Experiment(
        "publish-after-commit", ("orders.worker",), Killed("orders.worker"), frozenset({"I1", "I4"})
    ),
    Experiment("feed-by-insertion-id", ("orders.web",), Calm(), frozenset({"I1", "I4"})),
    # The bulkhead keeps threads for everybody else; what only the breaker saves is the time of those
    # who could do without the neighbour: a page that shows all but its orders.
    Experiment(
        "breaker-off",
        ("users.web",),
        Hung("orders.web"),
        frozenset({"I6"}),
        seconds=12.0,
        baseline_s=8.0,
        wants=OVERVIEWS,
    ),
    Experiment("no-idempotency-key", ("payments.worker",), AnswersLost(), frozenset({"I3"})),
)

# What makes bugs show soon, and does no harm in itself.
CONDITIONS = {
    "notifications.worker": ("racing", "no-job-keys"),
    SECOND_WORKER: ("racing", "no-job-keys"),
    "orders.web": ("slow-commits",),
    "orders.worker": ("slow-commits",),
}


@contextmanager
def shop(folder: Path, bug: str = "", units: tuple[str, ...] = ()) -> Iterator[World]:
    """With the bug in these units, and the conditions under which it shows."""
    world = World(folder)
    for unit, conditions in CONDITIONS.items():
        world.plant(unit, *conditions)
    for unit in units:
        world.plant(unit, *CONDITIONS.get(unit, ()), bug)
    with world:
        world.add(SECOND_WORKER, like="notifications.worker")
        yield world


def broken(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """What each broken invariant has to show."""
    return {verdict.claim: verdict.evidence for verdict in outcome.verdicts if not verdict.held}


def test_every_bug_has_its_experiment() -> None:
    assert [experiment.bug for experiment in EXPERIMENTS] == list(BUGS)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.bug)
def test_the_checker_catches(experiment: Experiment, tmp_path: Path) -> None:
    with shop(tmp_path / "shop", experiment.bug, experiment.units) as world:
        harness = Harness(
            world,
            seed=SEED,
            seconds=experiment.seconds,
            baseline_s=experiment.baseline_s,
            drain_s=8.0,
            wants=experiment.wants,
            strict=True,  # the bug is to be noticed, however much else goes on
        )

        (outcome,) = harness.run([experiment.fault]).outcomes

    assert outcome.requests > 0
    assert broken(outcome).keys() >= experiment.notice


@pytest.mark.parametrize(
    ("faults", "wants"),
    [
        ((Calm(), Killed("orders.worker"), AnswersLost()), BUYERS),
        ((Hung("orders.web"),), OVERVIEWS),
    ],
    ids=["orders", "overviews"],
)
def test_without_a_bug_the_same_faults_break_nothing(
    faults: tuple[Fault, ...], wants: Mapping[Step, int], tmp_path: Path
) -> None:
    with shop(tmp_path / "shop") as world:
        harness = Harness(world, seed=SEED, seconds=12.0, baseline_s=8.0, wants=wants)

        run = harness.run(faults)

    assert {outcome.fault: broken(outcome) for outcome in run.outcomes} == {
        fault.name: {} for fault in faults
    }
