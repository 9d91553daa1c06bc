"""Several questions at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from libs.client import gather
from libs.client.gather import THREADS
from libs.operations.context import Context, current, within
from libs.operations.errors import Unavailable
from libs.telemetry.trace import Trace


def slowly() -> str:
    time.sleep(0.2)
    return "slow"


def dead() -> str:
    raise Unavailable("orders", "it is dead")


def trace_and_token() -> tuple[str, str | None]:
    context = current()
    assert context is not None
    return context.trace.trace_id, context.user_token


def test_it_takes_as_long_as_the_slowest() -> None:
    began = time.monotonic()

    answers = gather(slowly, slowly, slowly)

    assert answers == ("slow", "slow", "slow")
    assert time.monotonic() - began < 0.5


def test_a_part_that_cannot_be_had_takes_no_other_along() -> None:
    missing, there = gather(dead, slowly)

    assert isinstance(missing, Unavailable)
    assert there == "slow"


def test_trace_and_token_go_along() -> None:
    context = Context(Trace.begin(), "id", user_token="Bearer of ada")

    with within(context):
        answers = gather(trace_and_token, trace_and_token)

    assert answers == ((context.trace.trace_id, "Bearer of ada"),) * 2


def test_a_bug_rises() -> None:
    with pytest.raises(ZeroDivisionError):
        gather(lambda: 1 // 0, slowly)


def test_with_more_callers_than_threads_all_get_their_answers() -> None:
    def outer() -> tuple[object, ...]:
        return gather(lambda: gather(slowly, slowly), slowly)

    with ThreadPoolExecutor(2 * THREADS) as callers:
        answers = list(callers.map(lambda _: outer(), range(2 * THREADS)))

    assert answers == [(("slow", "slow"), "slow")] * (2 * THREADS)
