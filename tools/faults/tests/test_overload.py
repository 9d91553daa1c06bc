"""What is said of an overload: as many answers as before, and the others refused at once."""

from __future__ import annotations

from dataclasses import replace

from tools.faults.faults.overload import Overload, _back_after_s
from tools.faults.harness import _what_it_is_for
from tools.faults.load import Answer, Told

GOOD = Told(
    offered_per_s=500.0,
    good_per_s=95.0,
    good=570,
    refused=2430,
    wrong=0,
    lost=0,
    without_retry_after=0,
    good_p50_ms=20.0,
    good_p95_ms=60.0,
    refused_p50_ms=2.0,
    refused_p99_ms=18.0,
    refused_max_ms=40.0,
)


def broken(told: Told, *, peak: float = 100.0) -> list[str]:
    fault = Overload()
    fault._judge_one(5, told, peak)
    return [verdict.claim for verdict in fault._verdicts if not verdict.held]


def test_nine_of_ten_of_the_peak_and_quick_refusals_are_good() -> None:
    assert broken(GOOD) == []


def test_each_promise_is_judged_for_itself() -> None:
    assert broken(replace(GOOD, good_per_s=80.0)) == ["goodput at 5 times"]
    assert broken(replace(GOOD, wrong=1)) == ["refused politely at 5 times"]
    assert broken(replace(GOOD, lost=1)) == ["refused politely at 5 times"]
    assert broken(replace(GOOD, without_retry_after=1)) == ["refused politely at 5 times"]
    assert broken(replace(GOOD, refused_p99_ms=60.0)) == ["refused in 50 ms at 5 times"]


def test_who_answers_all_that_is_offered_is_not_blamed_for_what_was_not() -> None:
    assert broken(replace(GOOD, offered_per_s=80.0, good_per_s=80.0)) == []


def test_it_is_back_from_the_second_on_in_which_nobody_was_refused_or_waited() -> None:
    def second(at: int, took_s: float, status: int = 200) -> list[Answer]:
        return [Answer(0, at + n / 10, took_s, status, False) for n in range(10)]

    slow_first = (
        second(0, 0.9) + second(1, 0.3) + [a for s in range(2, 10) for a in second(s, 0.02)]
    )
    refused = slow_first + second(4, 0.001, 503)

    assert _back_after_s(slow_first, calm_s=0.02) == 2.0
    assert _back_after_s(refused, calm_s=0.02) == 5.0


def test_on_a_machine_that_others_use_time_is_not_judged_and_the_fault_not_passed() -> None:
    fault = Overload()
    fault._others_cores = 1.5
    fault._judge_one(5, replace(GOOD, refused_p99_ms=60.0), 100.0)

    unjudged = [verdict for verdict in fault._verdicts if _what_it_is_for(verdict)]

    assert [verdict.claim for verdict in unjudged] == ["refused in 50 ms at 5 times"]
    assert "1.5 cores" in unjudged[0].note
