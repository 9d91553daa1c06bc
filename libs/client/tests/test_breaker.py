"""The breaker: when it opens, whom it lets through, when it closes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pybreaker
import pytest

from libs.client.breaker import Breaker, Outcome
from libs.operations.errors import Unavailable

OPEN_S = 2.0


class World:
    """A breaker with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.breaker = Breaker("orders", "catalog", open_s=OPEN_S, clock=lambda: self.now)

    def calls(self, outcomes: str) -> None:
        """One call after the other: S succeeds, F fails, N is neither."""
        kinds = {"S": Outcome.SUCCESS, "F": Outcome.FAILURE, "N": Outcome.NEITHER}
        for letter in outcomes:
            self.breaker.ended(kinds[letter], self.breaker.admit())

    def opened(self) -> World:
        self.calls("FFFFF")
        assert self.breaker.is_open
        return self


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        ("FFFFF", True),
        ("FFFF", False),
        ("FFFFSFFFF", False),
        ("FFFFS" * 4 + "F", True),  # 80 %, never five in a row
        ("FS" * 10 + "F", True),
        ("FS" * 9 + "F", False),  # too few to judge
        ("FSS" * 20, False),
        ("N" * 100, False),
        ("FFFFN" * 3, True),  # what says nothing does not count as a success either
    ],
)
def test_it_opens_at_half_of_twenty_or_five_in_a_row(
    world: World, outcomes: str, opens: bool
) -> None:
    try:
        world.calls(outcomes)
    except Unavailable:
        assert opens

    assert world.breaker.is_open == opens


def test_counting_failures_in_a_row_alone_never_sees_four_in_five() -> None:
    naive = pybreaker.CircuitBreaker(fail_max=5)

    for number in range(100):
        try:
            with naive.calling():
                if number % 5:
                    raise OSError
        except OSError:
            pass

    assert naive.current_state == pybreaker.STATE_CLOSED


def test_what_failed_long_ago_does_not_count(world: World) -> None:
    world.calls("FFFF" + "S" + "FFFF" + "S")
    world.now += 11
    world.calls("FS" * 5)

    assert not world.breaker.is_open


def test_old_failures_are_forgotten_also_while_all_is_well(world: World) -> None:
    for _ in range(4):
        world.calls("FFS")
    world.now += 9
    world.calls("S" * 3)
    world.now += 5
    world.calls("S" * 3 + "FS")

    assert not world.breaker.is_open


def test_an_open_one_refuses_in_under_a_millisecond(world: World) -> None:
    world.opened()
    started = time.perf_counter()

    for _ in range(100):
        with pytest.raises(Unavailable) as refused:
            world.breaker.admit()

    assert (time.perf_counter() - started) / 100 < 0.001
    assert 0 < refused.value.retry_after_s <= OPEN_S


def test_exactly_one_of_sixteen_is_the_probe(world: World) -> None:
    world.opened()
    world.now += OPEN_S
    together = threading.Barrier(16)

    def enter(_: int) -> bool:
        together.wait()
        try:
            world.breaker.admit()
        except Unavailable:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(enter, range(16))) == 1


def test_a_half_open_pybreaker_lets_everybody_through() -> None:
    naive = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=0)
    naive.half_open()
    together = threading.Barrier(8)

    def enter(_: int) -> bool:
        with naive.calling():
            together.wait(2)  # all eight are inside at once
            return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(enter, range(8))) == 8


def test_call_of_pybreaker_lets_one_through_at_a_time() -> None:
    naive = pybreaker.CircuitBreaker(fail_max=5)
    started = time.monotonic()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: naive.call(time.sleep, 0.1), range(4)))

    assert time.monotonic() - started > 0.35


def test_it_closes_when_the_probe_succeeds_and_opens_again_when_it_fails(world: World) -> None:
    world.opened()
    world.now += OPEN_S
    world.calls("F")

    assert world.breaker.is_open
    with pytest.raises(Unavailable):
        world.breaker.admit()
    world.now += OPEN_S
    world.calls("S")
    assert not world.breaker.is_open


@pytest.mark.parametrize("late", [Outcome.SUCCESS, Outcome.FAILURE])
def test_a_slow_call_from_before_is_not_the_probe(world: World, late: Outcome) -> None:
    slow = world.breaker.admit()
    world.opened()
    world.now += OPEN_S
    probe = world.breaker.admit()

    world.breaker.ended(late, slow)

    with pytest.raises(Unavailable, match="a probe is under way"):
        world.breaker.admit()
    world.breaker.ended(Outcome.SUCCESS, probe)
    assert not world.breaker.is_open


def test_a_probe_that_says_nothing_leaves_its_place_to_the_next(world: World) -> None:
    world.opened()
    world.now += OPEN_S

    world.calls("N")

    assert world.breaker.is_open
    world.calls("S")
    assert not world.breaker.is_open


def test_a_probe_that_never_comes_back_does_not_keep_the_others_out(world: World) -> None:
    world.opened()
    world.now += OPEN_S
    lost = world.breaker.admit()
    world.now += OPEN_S * 5

    world.calls("S")

    assert not world.breaker.is_open
    world.breaker.ended(Outcome.FAILURE, lost)
    assert not world.breaker.is_open
