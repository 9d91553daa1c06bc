"""A fault that hit nobody has proved nothing, and says so."""

from __future__ import annotations

import random
import socket
from types import SimpleNamespace
from typing import cast

import pytest

from tools.faults.behaviours import LATE
from tools.faults.fault import Fault, was_met
from tools.faults.faults import all_faults
from tools.faults.faults.calm import Calm
from tools.faults.faults.network import Misbehaves
from tools.faults.faults.poison import Kills, Raises
from tools.faults.faults.provider import AnswersLost
from tools.faults.history import History
from tools.faults.proxies import Proxies
from tools.faults.tests.test_faults import SERVICES
from tools.faults.world import World

# Of poison, I5 wants that what was planted was parked; and that nothing happens cannot be missed.
SPEAKS_OTHERWISE = (Calm, Raises, Kills)


def test_every_fault_says_whether_it_was_met() -> None:
    silent = [
        fault.name
        for fault in all_faults(SERVICES)
        if type(fault).judge is Fault.judge and not isinstance(fault, SPEAKS_OTHERWISE)
    ]

    assert silent == []


def test_what_is_surely_met_and_was_not_is_broken_and_else_not_judged() -> None:
    surely, perhaps, met = was_met(0, "why"), was_met(0, "why", surely=False), was_met(3, "why")

    assert (surely.held, surely.evidence) == (False, ("it was never met: why",))
    assert (perhaps.held, perhaps.checked, perhaps.note) == (True, 0, "it was never met: why")
    assert (met.held, met.checked, met.evidence, met.note) == (True, 3, (), "")


@pytest.mark.parametrize("used", [False, True])
def test_an_edge_that_was_only_open_was_not_met(used: bool) -> None:
    fault = Misbehaves(LATE, "orders-catalog", "orders.web->catalog.web")
    with socket.create_server(("127.0.0.1", 0)) as callee, Proxies() as proxies:
        world = cast(World, SimpleNamespace(proxies=proxies))
        port = proxies.open("orders.web->catalog.web", callee.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)) as pooled:
            carried, _ = callee.accept()
            with carried:
                fault.inject(world, random.Random(1))
                if used:
                    pooled.sendall(b"late")
                    assert carried.recv(4) == b"late"
                fault.lift(world)

    (verdict,) = fault.judge(world, History())
    assert (verdict.claim, verdict.held, verdict.checked) == ("it was met", used, int(used))


@pytest.mark.parametrize(("silences", "told"), [(0, 1), (1, 2)])
def test_a_provider_that_does_not_answer_once_is_told_again(silences: int, told: int) -> None:
    control = _Control(silences)

    AnswersLost().heal(cast(World, control))

    assert control.told == told


def test_a_provider_that_does_not_answer_at_all_is_no_fault_that_was_tried() -> None:
    with pytest.raises(TimeoutError):
        AnswersLost().heal(cast(World, _Control(silences=2)))


class _Control:
    """The provider's, which does not answer the first so many times."""

    def __init__(self, silences: int) -> None:
        self._silences = silences
        self.told = 0

    def misbehave(self, **_: object) -> None:
        self.told += 1
        if self.told <= self._silences:
            raise TimeoutError
