"""Who is judged by I6, and how strictly."""

from __future__ import annotations

from dataclasses import replace

from tools.faults.fault import Fault
from tools.faults.history import Said, Told
from tools.faults.spared import Baseline, judge
from tools.faults.steps import BROWSE, LOOK, ORDER, STEPS, Step, neighbours

TIMES = {LOOK.name: 0.08, BROWSE.name: 0.02}
CALM = Baseline(TIMES)


class CatalogDead(Fault):
    name, what = "catalog-dead", "catalog is dead"
    hurts = frozenset({"catalog.web"})


def told(step: Step, said: Said = "ok", took_s: float = 0.01, times: int = 1) -> list[Told]:
    return [Told(0.0, took_s, "fault", 1, step.name, step.needs, said, 200)] * times


def test_only_what_does_not_need_the_dead_part_is_judged() -> None:
    asked = [*told(LOOK, times=100), *told(ORDER, "failed", 5.0, 100), *told(BROWSE, "failed")]

    verdict = judge(CatalogDead(), asked, CALM, 0.0)

    assert (verdict.held, verdict.checked) == (True, 100)


def test_one_in_a_thousand_may_fail_and_not_two() -> None:
    one = [*told(LOOK, times=999), *told(LOOK, "failed")]

    assert judge(CatalogDead(), one, CALM, 0.0).held
    assert not judge(CatalogDead(), [*one, *told(LOOK, "failed")], CALM, 0.0).held


def test_one_and_a_half_times_the_calm_p95_is_the_most_above_the_floor() -> None:
    def slow(step: Step, took_s: float) -> bool:
        return judge(CatalogDead(), told(step, took_s=took_s, times=100), CALM, 0.0).held

    assert slow(LOOK, 0.119)
    assert not slow(LOOK, 0.121)


def test_with_others_on_the_machine_it_asks_for_less_and_says_so() -> None:
    asked = [*told(LOOK, times=95), *told(LOOK, "failed", times=5)]

    some, many = (judge(CatalogDead(), asked, CALM, cores) for cores in (0.8, 99.0))
    half, lost = (judge(CatalogDead(), asked[60:], CALM, cores) for cores in (0.8, 99.0))

    assert some.held and "90%" in some.note
    assert many == replace(some, note=many.note) and "99.0 cores" in many.note
    assert not half.held
    assert (lost.judgement, "99.0 cores" in lost.note) == ("not judged", True)


def test_times_that_were_measured_beside_others_are_no_measure_and_failures_are() -> None:
    noisy = Baseline(TIMES, others_cores=1.2)
    slow = told(LOOK, took_s=3.0, times=100)

    late = judge(CatalogDead(), slow, noisy, 0.0)
    failed = judge(CatalogDead(), [*slow, *told(LOOK, "failed")], noisy, 0.0)

    assert (late.held, late.checked) == (True, 100)
    assert "p95 was not judged" in late.note and "1.2 cores" in late.note
    assert not failed.held


def test_where_nobody_is_spared_there_is_nothing_to_judge_or_to_excuse() -> None:
    verdict = judge(CatalogDead(), told(ORDER, "failed", times=10), CALM, 99.0)

    assert (verdict.held, verdict.checked, verdict.note) == (True, 0, "")


def test_a_step_needs_nobody_whom_its_service_may_not_ask() -> None:
    for step in STEPS:
        assert step.asks <= neighbours(step.service), step
