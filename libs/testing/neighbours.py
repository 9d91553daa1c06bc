"""Neighbours for tests: fakes that honour the contract, and one that is dead."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from typing_extensions import TypeVar

from contracts.core import Anyone, Binding, Request
from libs.client import Call, LocalNeighbour
from libs.operations.dispatch import Dispatcher, requests_of
from libs.operations.envelope import Reply
from libs.operations.errors import Unavailable
from libs.testing.callers import AnyToken, Believing
from libs.testing.repeats import RememberedRepeats

D = TypeVar("D")


def neighbour(
    contract: ModuleType,
    routes: Iterable[Binding[D]],
    world: D,
    *,
    believing: str | None = None,
) -> LocalNeighbour:
    """A fake of the service of `contract`: `routes` answer from `world`, through the same dispatch
    as the real one, so that a fake cannot answer what the contract does not allow. An operation
    without a row fails the test that asks for it. With `believing` every caller counts as this
    service, on behalf of the user whom an `as_user` token names; without, tokens are those of
    `as_user` and `as_service`."""
    given = tuple(routes)
    named = {binding.request for binding in given}
    rest = [
        Binding(request, _unexpected) for request in requests_of(contract) if request not in named
    ]
    name = contract.__name__.split(".")[1]
    access = Believing(believing) if believing else AnyToken()
    return LocalNeighbour(
        Dispatcher(
            name,
            (contract,),
            (*given, *rest),
            world,
            access,
            repeats=RememberedRepeats(),
            bugs_rise=True,
        )
    )


def _unexpected(request: Request[Any, Any, Any], _: Anyone, __: object) -> None:
    raise AssertionError(f"the test's world has no answer to {request!r}")


class DeadNeighbour:
    """Answers nothing, as a service that is down."""

    def __init__(self, name: str) -> None:
        self._name = name

    def exchange(self, call: Call) -> Reply:
        """Always raises Unavailable."""
        raise Unavailable(self._name, "the test killed it")


def nowhere(*names: str) -> dict[str, str]:
    """Addresses for neighbours that a test replaces before it asks them."""
    return dict.fromkeys(names, "http://127.0.0.1:9")
