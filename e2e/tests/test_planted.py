"""The harness of tools/faults notices what it was built to notice: each bug, planted into a service
that runs, shows by the effect that it has and nothing else has. Without the bug the same faults in
the same shop, for as long and judged as strictly, are clean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.faults.bugs import BUGS
from tools.faults.bystanders import Bystanders
from tools.faults.fault import Fault
from tools.faults.faults.calm import Calm
from tools.faults.faults.hung import Hung
from tools.faults.faults.kills import Killed
from tools.faults.faults.provider import AnswersLost
from tools.faults.harness import Harness
from tools.faults.outcome import Outcome, Verdict
from tools.faults.spared import OTHERS_AT_MOST_CORES, OTHERS_AT_MOST_PART
from tools.faults.steps import BROWSE, ME, ORDER, OVERVIEW, Step
from tools.faults.world import World

# The shop takes its time to open.
pytestmark = pytest.mark.timeout(180)

SEED = 20261122
SECOND_WORKER = "notifications.worker2"
DRAIN_S = 12.0
# With so much taken by others there are too few orders for a race to be lost.
CROWDED = OTHERS_AT_MOST_PART * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Trial:
    """What is the same with a bug and without. Where nothing was measured before the fault, I6 has
    nothing to be compared with."""

    wants: Mapping[Step, int] = field(default_factory=lambda: {ORDER: 4, BROWSE: 6})
    seconds: float = 8.0
    baseline_s: float = 0.0


ORDERS = Trial()
# The bulkhead keeps threads for everybody else; what only the breaker saves is the time of those
# who could do without the neighbour: a page that shows all but its orders.
OVERVIEWS = Trial({OVERVIEW: 9, ME: 1}, seconds=12.0, baseline_s=6.0)


@dataclass(frozen=True)
class Experiment:
    """A bug in some units, the fault that brings it out, and by invariant what has to be told of it:
    words that only its own effect brings about. Where chance decides whom it hits, one of them will
    do."""

    bug: str
    units: tuple[str, ...]
    fault: Fault
    notice: Mapping[str, str]
    trial: Trial = ORDERS
    drain_s: float = DRAIN_S
    one_will_do: bool = False

    def caught(self, shown: Mapping[str, str]) -> bool:
        """Whether this is what it has to show."""
        return bool(shown) if self.one_will_do else shown.keys() == self.notice.keys()


STOCK_HELD = r"is (confirmed|cancelled), but its stock is held"
NO_MAIL = r"has 0 mails 'Your order is \w+: ord_"
# These prove a loss where nothing is on its way to who would see to it.
WAITS_FOR = {STOCK_HELD: "catalog", NO_MAIL: "notifications"}
ON_ITS_WAY = "has not read|has no position|^notifications: the job"
EXPERIMENTS = (
    Experiment(
        "no-compare-and-set",
        ("notifications.worker", SECOND_WORKER),
        Calm(),
        {"I4": r"has [2-9] (welcomes|mails)"},
    ),
    Experiment(
        "read-modify-write-stock",
        ("catalog.web",),
        Calm(),
        {"I2": r"\d+ reserved, but its holds are \d+"},
    ),
    Experiment(
        "publish-after-commit",
        ("orders.worker",),
        Killed("orders.worker"),
        {
            "I1": r"is \w+, but its feed says OrderConfirmed 0 and OrderCancelled 0 times",
            "I4": NO_MAIL,
        },
    ),
    Experiment(
        "feed-by-insertion-id",
        ("orders.web", "orders.worker"),
        Calm(),
        {"I1": STOCK_HELD, "I4": NO_MAIL},
        # A lane that passed the feed's last event by writes down only when idle that it came so far.
        drain_s=25.0,
        one_will_do=True,
    ),
    Experiment(
        "breaker-off",
        ("users.web",),
        Hung("orders.web"),
        {"I6": r"overview: p95 \d{4,} ms"},
        OVERVIEWS,
    ),
    Experiment(
        "no-idempotency-key",
        ("payments.worker",),
        AnswersLost(),
        {"I3": r"was captured [2-9] times"},
    ),
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


def tried(
    world: World, trial: Trial, faults: Sequence[Fault], drain_s: float = DRAIN_S
) -> tuple[tuple[Outcome, ...], float]:
    """What came of them, and how many cores other programs used meanwhile. Strict: how late answers
    came is judged whatever else goes on, with the bug and without."""
    harness = Harness(
        world,
        seed=SEED,
        seconds=trial.seconds,
        baseline_s=trial.baseline_s,
        drain_s=drain_s,
        wants=trial.wants,
        strict=True,
    )
    bystanders = Bystanders(world)
    bystanders.start()
    try:
        run = harness.run(faults)
    finally:
        others_cores = bystanders.stop()
    return run.outcomes, others_cores


def broken(outcome: Outcome, trial: Trial) -> dict[str, tuple[str, ...]]:
    """What each broken invariant has to show; of a fault that could not be tried, why."""
    found = {verdict.claim: verdict.evidence for verdict in outcome.verdicts if not verdict.held}
    if outcome.state == "broken" and not outcome.reason.startswith(tuple(f"{c}: " for c in found)):
        found["trouble"] = (outcome.reason,)
    if not trial.baseline_s:
        found.pop("I6", None)
    return found


def effects(outcome: Outcome, notice: Mapping[str, str]) -> dict[str, str]:
    """The first line of evidence that shows each of these effects, by invariant; none that waiting
    might have mended."""
    lines = [(v.claim, line) for v in outcome.verdicts if not v.held for line in v.evidence]
    late = [line for claim, line in lines if claim == "I5" and re.search(ON_ITS_WAY, line)]
    proofs = {
        claim: words
        for claim, words in notice.items()
        if words not in WAITS_FOR or not any(line.startswith(WAITS_FOR[words]) for line in late)
    }
    return {
        claim: line for claim, line in reversed(lines) if re.search(proofs.get(claim, "$^"), line)
    }


def test_every_bug_has_its_experiment() -> None:
    assert [experiment.bug for experiment in EXPERIMENTS] == list(BUGS)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.bug)
def test_a_shop_that_is_only_slow_is_no_proof(experiment: Experiment) -> None:
    slow = Outcome(
        "calm",
        "",
        "broken",
        verdicts=(
            Verdict("I1", False, 2, ("order ord_1 is pending, which is no final state",)),
            Verdict("I1", False, 2, ("order ord_2 is confirmed, but its stock is held",)),
            Verdict("I2", False, 2, ("mug: 0 sold and 1 reserved, but confirmed orders have 1",)),
            Verdict("I3", False, 2, ("order ord_1 is pending (paid); it was captured 1 times",)),
            Verdict(
                "I4", False, 2, ("ada has 0 mails 'Your order is confirmed: ord_2' [], not 1",)
            ),
            Verdict("I4", False, 2, ("ada (usr_1) has 0 welcomes [] and 1 UserRegistered",)),
            Verdict("I5", False, 2, ("catalog has not read 3 events of orders's lane 0",)),
            Verdict("I5", False, 2, ("notifications has not read 3 events of orders's lane 0",)),
            Verdict("I6", False, 2, ("overview: p95 181 ms of 90 requests, at most 100 ms",)),
        ),
    )

    assert not experiment.caught(effects(slow, experiment.notice))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.bug)
def test_the_checker_catches(experiment: Experiment, tmp_path: Path) -> None:
    with shop(tmp_path / "shop", experiment.bug, experiment.units) as world:
        (outcome,), others_cores = tried(
            world, experiment.trial, [experiment.fault], experiment.drain_s
        )

    shown = effects(outcome, experiment.notice)
    if not experiment.caught(shown) and others_cores > CROWDED:
        pytest.skip(
            f"other programs used {others_cores:.1f} cores: {outcome.orders} orders in "
            f"{experiment.trial.seconds:g} s, and that shows {shown}"
        )
    assert outcome.requests > 0
    assert experiment.caught(shown), broken(outcome, experiment.trial)


@pytest.mark.parametrize("trial", [ORDERS, OVERVIEWS], ids=["orders", "overviews"])
def test_without_a_bug_the_same_faults_break_nothing(trial: Trial, tmp_path: Path) -> None:
    tries = [experiment for experiment in EXPERIMENTS if experiment.trial is trial]
    faults = {experiment.fault.name: experiment.fault for experiment in tries}

    with shop(tmp_path / "shop") as world:
        outcomes, others_cores = tried(world, trial, list(faults.values()))

    assert [outcome.fault for outcome in outcomes if outcome.requests] == list(faults)
    found = {outcome.fault: broken(outcome, trial) for outcome in outcomes}
    noisy = others_cores > OTHERS_AT_MOST_CORES
    for experiment in tries:
        # Other programs make answers late; they double nothing.
        notice = {c: words for c, words in experiment.notice.items() if c != "I6" or not noisy}
        for outcome in outcomes:
            assert effects(outcome, notice) == {}, experiment.bug
    if noisy and any(found.values()):
        pytest.skip(f"other programs used {others_cores:.1f} cores, and it can't be told: {found}")
    assert found == {name: {} for name in faults}
