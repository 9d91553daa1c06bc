"""One question to a neighbour, asked in four ways; each gives back an order's total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.core import Operation
from libs.client import Api, HttpNeighbour, Neighbour
from tools.bench import apps
from tools.bench.peers import peer
from tools.bench.promises import GetOrder

Ask = Callable[[], object]
TIMEOUT_S = 2.0


class Shop(Api):
    """Our client, with the one neighbour of the benchmark, and a token as long as a real one."""

    def __init__(self, url: str) -> None:
        super().__init__(service_token="x" * 350)
        self._orders = HttpNeighbour("bench", "orders", url)

    def neighbour_of(self, operation: Operation) -> Neighbour:
        """The only one."""
        return self._orders


def ours(url: str) -> Ask:
    """The contract's client: breaker, deadline, trace, a validated answer."""
    shop = Shop(url)
    return lambda: shop.send(GetOrder(order_id=apps.ORDER_ID)).total_cents


def guarded_requests(url: str) -> Ask | None:
    """The article's form: `requests.get` under a breaker's decorator."""
    requests, pybreaker = peer("requests"), peer("pybreaker")
    if requests is None or pybreaker is None:
        return None
    breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=30)

    @breaker  # type: ignore[untyped-decorator]  # a peer, of which no types are known here
    def fetch(order_id: str) -> Any:
        answer = requests.get(f"{url}/api/v1/orders/{order_id}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    return lambda: fetch(apps.ORDER_ID)["total_cents"]


def plain_requests(url: str) -> Ask | None:
    """`requests.get` alone."""
    requests = peer("requests")
    if requests is None:
        return None
    return lambda: requests.get(f"{url}/api/v1/orders/{apps.ORDER_ID}", timeout=TIMEOUT_S).json()


def pooled_httpx(url: str) -> Ask | None:
    """One httpx.Client for all calls, without breaker or deadline."""
    httpx = peer("httpx")
    if httpx is None:
        return None
    client = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)
    return lambda: client.get(f"/api/v1/orders/{apps.ORDER_ID}").json()["total_cents"]


OURS, SEED = "ours", "seed: requests.get under @breaker"
WAYS: dict[str, Callable[[str], Ask | None]] = {
    OURS: ours,
    "httpx.Client, pooled": pooled_httpx,
    "requests.get": plain_requests,
    SEED: guarded_requests,
}
