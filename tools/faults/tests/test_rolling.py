"""What a rolling restart is worth: a failure always counts, and what others made late is not judged."""

from __future__ import annotations

from tools.faults.faults.rolling import PUT_OFF_AT_MOST, REQUESTS, verdict_of
from tools.faults.visitors import Count


def count(asked: int = REQUESTS, put_off: int = 0, *failed: str) -> Count:
    return Count(reads=asked, failed=list(failed), put_off=put_off)


def test_all_asked_and_none_put_off_is_held_whoever_else_was_at_work() -> None:
    for others_cores in (0.0, 1.7):
        verdict = verdict_of(count(), 8, others_cores)

        assert (verdict.held, verdict.checked, verdict.note) == (True, REQUESTS, "")


def test_who_was_put_off_too_often_or_not_asked_breaks_it() -> None:
    assert verdict_of(count(put_off=PUT_OFF_AT_MOST), 8, 0.0).held
    assert not verdict_of(count(put_off=PUT_OFF_AT_MOST + 1), 8, 0.0).held
    assert not verdict_of(count(asked=300), 8, 0.0).held


def test_beside_others_the_same_is_not_judged_and_proves_nothing() -> None:
    for found in (count(put_off=PUT_OFF_AT_MOST + 1), count(asked=300)):
        verdict = verdict_of(found, 8, 1.7)

        assert (verdict.held, verdict.checked) == (True, 0)
        assert verdict.note.startswith("not judged: ") and "1.7 cores" in verdict.note


def test_a_failure_counts_whoever_else_was_at_work() -> None:
    assert not verdict_of(count(REQUESTS, 3, "read 7: 500"), 8, 1.7).held
    assert not verdict_of(count(), 1, 1.7).held, "one restart is none in turns"
