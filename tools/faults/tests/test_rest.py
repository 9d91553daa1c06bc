"""What is left over is told once, as long as it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, LiteralString

import pytest

from tools.faults.rest import Leftovers
from tools.faults.steps import consumed
from tools.faults.world import World

(PRODUCER, *_) = consumed("catalog")


class Still(World):
    """Never started; catalog's lane 0 is at `pos` of a feed of 100, and `pending` orders hang."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.pos = 100
        self.pending: list[str] = []

    @property
    def keepers(self) -> tuple[str, ...]:
        return ("catalog",)

    def rows(
        self, service: str, statement: LiteralString, **values: object
    ) -> list[tuple[Any, ...]]:
        if "FROM cursor" in statement:
            return [(0, 1, self.pos)] if values["producer"] == PRODUCER else [(0, 1, 100)]
        if "key_hash" in statement:
            return [(100 - int(str(values["pos"])), int(str(values["pos"])) + 1)]
        if "status = 'pending'" in statement:
            return [(order_id,) for order_id in self.pending]
        return []


@pytest.fixture
def world(tmp_path: Path) -> Still:
    return Still(tmp_path)


def left_after(leftovers: Leftovers) -> list[str]:
    """The names, after a fault and its drain; they are told then."""
    _, left = leftovers.wait(lambda left: None)
    leftovers.tell(left)
    return sorted(left)


def test_an_order_that_hangs_is_one_finding_and_not_one_of_every_fault(world: Still) -> None:
    leftovers = Leftovers(world, drain_s=0.0)
    world.pending = ["ord_1"]
    first = left_after(leftovers)
    leftovers.begin()
    world.pending = ["ord_1", "ord_2"]

    assert (first, left_after(leftovers)) == (["order ord_1"], ["order ord_2"])


def test_a_lane_that_was_late_once_is_told_again_when_it_is_late_again(world: Still) -> None:
    leftovers = Leftovers(world, drain_s=0.0)
    found = []
    for pos in (40, 100, 40, 40, 60):  # late, well, late again, still there, moved and late
        leftovers.begin()
        world.pos = pos
        found.append(len(left_after(leftovers)))
        world.pos = pos

    assert found == [1, 0, 1, 0, 1]
