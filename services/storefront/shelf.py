"""What the catalog shows, and what it showed last: while it is away, the shop window stays full.

What was seen is kept in this process, and, but for searches, in Valkey, so that all processes
remember the same and a restart forgets nothing. Both may be lost at any time.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic

from pydantic import TypeAdapter
from typing_extensions import TypeVar

from contracts.catalog import v1 as catalog
from contracts.core import Page
from contracts.shared.ids import Sku
from libs.client import Peers
from libs.keyvalue import KeyValue
from libs.operations.context import at_most
from libs.operations.errors import Misunderstood, Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

T = TypeVar("T")

# A list this young is shown to the next customer without asking; a product is always asked for.
FRESH_S = 2.0
# More than half of the two seconds that the contract gives, so that its silence counts for the breaker.
PATIENCE_S = 1.1
REMEMBERED_S = 12 * 3600
# Written to Valkey at most so often, however many look at it.
WRITTEN_EACH_S = 60.0
MOST_KEPT = 4000

_PAGE: TypeAdapter[Page[catalog.Product]] = TypeAdapter(Page[catalog.Product])
_PRODUCT = TypeAdapter(catalog.Product)
_CATEGORIES = TypeAdapter(catalog.Categories)


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """What the catalog says, or said when it was last heard."""

    value: T
    is_old: bool = False


class Shelf:
    """Asks the catalog. Every method raises Unavailable when that is away and nothing like this was
    ever seen."""

    def __init__(self, peers: Peers, cache: KeyValue, *, fresh_s: float = FRESH_S) -> None:
        self._peers = peers
        self._memory = _Memory(cache, fresh_s)

    def categories(self) -> Shown[catalog.Categories]:
        """What the shelves are called."""
        request = catalog.ListCategories()
        return self._list("categories", lambda: self._peers.send(request), _CATEGORIES, True)

    def list(
        self, request: catalog.ListProducts
    ) -> Shown[Page[catalog.Product]] | catalog.BadCursor:
        """A page of products."""
        asked = request.model_dump_json(exclude_defaults=True)
        key = f"list:{hashlib.sha256(asked.encode()).hexdigest()[:24]}"

        def ask() -> Page[catalog.Product]:
            page = self._peers.send(request)
            self._note(page.items)
            return page

        try:
            return self._list(key, ask, _PAGE, request.query is None)
        except catalog.BadCursor as bad:
            return bad

    def product(self, sku: Sku) -> Shown[catalog.Product] | catalog.NoSuchProduct:
        """One product as it is now."""
        try:
            with at_most(PATIENCE_S):
                answer = self._peers.attempt(catalog.GetProduct(sku=sku))
        except (Unavailable, Misunderstood) as error:
            return Shown(self._remembered(f"product:{sku}", _PRODUCT, error), is_old=True)
        if isinstance(answer, catalog.Product):
            self._note((answer,))
            return Shown(answer)
        return answer

    def products(self, skus: Iterable[Sku]) -> Shown[dict[Sku, catalog.Product]]:
        """Those of these products that exist; with the catalog away, those that were ever seen."""
        wanted = tuple(dict.fromkeys(skus))
        if not wanted:
            return Shown({})
        try:
            with at_most(PATIENCE_S):
                page = self._peers.send(catalog.ListProducts(skus=wanted, limit=len(wanted)))
        except (Unavailable, Misunderstood) as error:
            log.warning("catalog from memory", why=str(error))
            known = {sku: self._memory.find(f"product:{sku}", _PRODUCT) for sku in wanted}
            return Shown({s: p for s, p in known.items() if p is not None}, is_old=True)
        self._note(page.items)
        return Shown({product.sku: product for product in page.items})

    def _list(
        self, key: str, ask: Callable[[], T], kind: TypeAdapter[T], in_valkey: bool
    ) -> Shown[T]:
        young = self._memory.young(key)
        if young is not None:
            return Shown(young)
        try:
            with at_most(PATIENCE_S):
                answer = ask()
        except (Unavailable, Misunderstood) as error:
            return Shown(self._remembered(key, kind, error), is_old=True)
        self._memory.keep([(key, answer, kind)], in_valkey)
        return Shown(answer)

    def _note(self, products: Iterable[catalog.Product]) -> None:
        self._memory.keep([(f"product:{p.sku}", p, _PRODUCT) for p in products], True)

    def _remembered(self, key: str, kind: TypeAdapter[T], error: Unavailable | Misunderstood) -> T:
        found = self._memory.find(key, kind)
        if found is not None:
            log.warning("catalog from memory", why=str(error))
            return found
        if isinstance(error, Unavailable):
            raise error
        raise Unavailable("catalog", str(error)) from error


class _Memory:
    """The newest of what was seen, by key."""

    def __init__(self, cache: KeyValue, fresh_s: float) -> None:
        self._cache = cache
        self._fresh_s = fresh_s
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._written: dict[str, float] = {}

    def young(self, key: str) -> Any:
        """What was kept a moment ago in this process; None otherwise."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < self._fresh_s else None

    def find(self, key: str, kind: TypeAdapter[T]) -> T | None:
        """What this process kept, else what another one did; None where there is none."""
        kept = self._kept.get(key)
        if kept is not None:
            value: T = kept[1]
            return value
        try:
            text = self._cache.run(lambda client: client.get(f"shelf:{key}"))
            return kind.validate_json(text) if isinstance(text, str) else None
        except (Unavailable, ValueError) as error:  # ValueError: another release's
            log.warning("shelf not read", why=str(error))
            return None

    def keep(self, seen: list[tuple[str, Any, TypeAdapter[Any]]], in_valkey: bool) -> None:
        """Remember these; a Valkey that is away is not waited for twice."""
        now = time.monotonic()
        with self._lock:
            for key, value, _ in seen:
                self._kept[key] = (now, value)
                self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._written.pop(self._kept.popitem(last=False)[0], None)
            due = [
                (key, value, kind)
                for key, value, kind in seen
                if now - self._written.get(key, -WRITTEN_EACH_S) >= WRITTEN_EACH_S
            ]
            self._written.update((key, now) for key, _, _ in due)
        if not in_valkey or not due:
            return

        def write(client: Any) -> None:
            pipeline = client.pipeline(transaction=False)
            for key, value, kind in due:
                pipeline.set(f"shelf:{key}", kind.dump_json(value), ex=REMEMBERED_S)
            pipeline.execute()

        try:
            self._cache.run(write)
        except Unavailable as error:
            log.warning("shelf not written", why=str(error))
