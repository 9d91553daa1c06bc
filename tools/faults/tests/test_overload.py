"""What is said of an overload: as many answers as before, and the others refused at once."""

from __future__ import annotations

import pytest

from tools.faults.faults.overload import (
    _OVERLOAD_S,
    Overload,
    _back_after_s,
    _needs_another,
    _Tried,
)
from tools.faults.load import Answer


def answers(good: int = 95, refused: int = 405, *, refused_s: float = 0.01) -> list[Answer]:
    """Of a round with so many a second."""
    n_good, n_refused = round(good * _OVERLOAD_S), round(refused * _OVERLOAD_S)
    return [Answer(0, n / good, 0.001, 200, False) for n in range(n_good)] + [
        Answer(0, n / refused, refused_s, 503, True) for n in range(n_refused)
    ]


def judged(
    fault: Overload, fives: list[list[Answer]], twos: list[list[Answer]] | None = None
) -> Overload:
    """By these rounds of five times (and of two) the capacity, which is 100 a second."""
    tried = {5: _Tried()} if twos is None else {2: _Tried(), 5: _Tried()}
    for times, rounds in ((2, twos or []), (5, fives)):
        for each in rounds:
            tried[times].add(each, 100.0)
    fault._judge_loads(tried)
    return fault


def broken(fives: list[Answer], twos: list[Answer] | None = None) -> list[str]:
    fault = judged(Overload(), [fives] * 3, None if twos is None else [twos] * 3)
    return [verdict.claim for verdict in fault._verdicts if not verdict.held]


def test_nine_of_ten_of_the_peak_and_quick_refusals_are_good() -> None:
    assert broken(answers()) == []


def test_each_promise_is_judged_for_itself() -> None:
    wrong, lost = Answer(0, 0.1, 0.1, 500, False), Answer(0, 0.1, 5.0, 0, False)
    blunt = Answer(0, 0.1, 0.01, 503, False)

    assert broken(answers(good=80)) == ["goodput at 5 times"]
    assert broken([*answers(), wrong]) == ["refused politely at 5 times"]
    assert broken([*answers(), lost]) == ["refused politely at 5 times"]
    assert broken([*answers(), blunt]) == ["refused politely at 5 times"]
    assert broken(answers(refused_s=0.06)) == ["p99 of refusals within 50 ms at 5 times"]


def test_one_slow_round_of_three_is_the_machines() -> None:
    fault = judged(Overload(), fives=[answers(good=good) for good in (95, 60, 96)])

    assert [verdict.claim for verdict in fault._verdicts if not verdict.held] == []


def test_the_peak_is_the_most_that_was_answered_whatever_the_load() -> None:
    assert broken(answers(good=95), twos=answers(good=110)) == ["goodput at 5 times"]


@pytest.mark.parametrize(
    ("shares", "another"),
    [
        ([0.95] * 7, True),
        ([0.95] * 8, False),
        ([0.8, 1.1] * 4, True),
        ([0.8, 1.1] * 10, False),
    ],
)
def test_rounds_go_on_until_the_share_is_known_but_not_for_ever(
    shares: list[float], another: bool
) -> None:
    assert _needs_another({5: _Tried(shares=shares)}) is another


def test_an_overload_in_which_nobody_is_refused_was_none() -> None:
    fault = judged(Overload(), fives=[answers(refused=0)] * 2)

    (unjudged,) = [verdict for verdict in fault._verdicts if verdict.judgement == "not judged"]
    assert "nobody was refused" in unjudged.note


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

    judged(fault, fives=[answers(refused_s=0.06)] * 2)

    unjudged = [verdict for verdict in fault._verdicts if verdict.judgement == "not judged"]

    assert [verdict.claim for verdict in unjudged] == ["p99 of refusals within 50 ms at 5 times"]
    assert "1.5 cores" in unjudged[0].note
