"""What a client does about Idempotency-Keys."""

from __future__ import annotations

import pytest

from contracts.core import Operation, Problem
from contracts.core.chassis import KeyTaken, StillInFlight
from libs.client import Api, Call, Neighbour
from libs.operations.envelope import Reply
from libs.operations.errors import Misunderstood, Unavailable
from libs.operations.problems import reply_with
from libs.testing import keyed

PAY = keyed.Pay(account="1", cents=5)


class OneReply(Api):
    """Everybody answers with this; remembers the keys that came."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.keys: list[str | None] = []
        self._reply = reply

    def neighbour_of(self, operation: Operation) -> Neighbour:
        return self

    def exchange(self, call: Call) -> Reply:
        self.keys.append(call.envelope.idempotency_key)
        return self._reply


def test_a_keyed_request_without_a_key_is_not_sent() -> None:
    api = OneReply(Reply(201, b'{"number": 1, "cents": 5}'))

    with pytest.raises(TypeError, match="bank's Pay is KEYED: send it with key="):
        api.send(PAY)

    assert api.keys == []


def test_the_key_travels_with_the_request() -> None:
    api = OneReply(Reply(201, b'{"number": 1, "cents": 5}'))

    receipt = api.send(PAY, key="job-7")

    assert (receipt.number, api.keys) == (1, ["job-7"])


@pytest.mark.parametrize(
    ("problem", "raised"),
    [(StillInFlight(retry_after_s=3), Unavailable), (KeyTaken(), Misunderstood)],
)
def test_who_comes_too_early_may_come_again_and_who_reuses_a_key_has_a_bug(
    problem: Problem, raised: type[Exception]
) -> None:
    api = OneReply(reply_with(problem))

    with pytest.raises(raised) as caught:
        api.send(PAY, key="k")

    assert getattr(caught.value, "retry_after_s", 3) == 3
