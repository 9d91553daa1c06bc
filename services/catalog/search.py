"""Lists of products: searched, filtered, and paged by a cursor that knows what it belongs to."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, and_, cast, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from contracts.catalog import v1 as catalog
from contracts.core import Page
from services.catalog.deps import Deps
from services.catalog.models import Product, Stock

# What a sentence has; each term more is another list to intersect.
MOST_TERMS = 12

_TERM = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+")
_CURSOR = re.compile(r"([0-9a-f]{16}) (\d{1,9}) ([a-z0-9][a-z0-9-]{0,62})")
_WORDS: ColumnElement[Any] = column("words", TSVECTOR)


@dataclass(frozen=True, slots=True)
class _After:
    """The last product of the page before, and how well it matched."""

    rank: int
    sku: str


def page_of(deps: Deps, request: catalog.ListProducts) -> Page[catalog.Product] | catalog.BadCursor:
    """A page of what is asked for: the best match first, of equals and without a query by number.
    Whatever is added meanwhile, no page repeats or leaves out a product that was there."""
    chosen, rank = _chosen(request)
    if request.cursor is not None:
        after = _read(request.cursor, _fingerprint(request))
        if after is None:
            return catalog.BadCursor()
        chosen = chosen.where(_comes_after(after, rank))
    order = (Product.sku,) if rank is None else (rank.desc(), Product.sku)
    with deps.messages.database.transaction() as session:
        rows = session.execute(chosen.order_by(*order).limit(request.limit + 1)).all()
    page = rows[: request.limit]
    more = len(rows) > request.limit
    return Page[catalog.Product](
        items=tuple(row[0].view(row[1]) for row in page),
        next_cursor=_write(page[-1][0].sku, page[-1][2], request) if more else None,
    )


def categories(deps: Deps) -> catalog.Categories:
    """All that have a product."""
    counted = select(Product.category, func.count()).group_by(Product.category)
    with deps.messages.database.transaction() as session:
        rows = session.execute(counted.order_by(Product.category)).all()
    return catalog.Categories(
        items=tuple(catalog.CategorySize(category=name, products=many) for name, many in rows)
    )


def terms_of(query: str) -> list[str]:
    """The words and numbers of a query, as the index has them; may be empty."""
    return [term.replace(",", ".") for term in _TERM.findall(query)][:MOST_TERMS]


def _chosen(
    request: catalog.ListProducts,
) -> tuple[Select[Product, int, int], ColumnElement[int] | None]:
    """Product, units left and rank of all that is asked for; the rank once more if it counts."""
    rank: ColumnElement[int] | None = None
    if request.query:
        # Subqueries are computed once, arguments of a function once for each row.
        terms = cast(terms_of(request.query), ARRAY(Text))
        wanted = select(func.search_for(terms)).scalar_subquery()
        roots = select(func.roots_of(terms)).scalar_subquery()
        rank = func.match_of(_WORDS, wanted, roots, type_=Integer)
    shown = rank if rank is not None else cast(0, Integer)
    chosen = select(Product, Stock.on_hand, shown).join(Stock, Stock.sku == Product.sku)
    if request.query:
        chosen = chosen.where(_WORDS.bool_op("@@")(wanted))
    if request.category is not None:
        chosen = chosen.where(Product.category == request.category)
    if request.cheapest_cents is not None:
        chosen = chosen.where(Product.price_cents >= request.cheapest_cents)
    if request.dearest_cents is not None:
        chosen = chosen.where(Product.price_cents <= request.dearest_cents)
    if request.skus:
        chosen = chosen.where(Product.sku.in_(request.skus))
    if request.in_stock is not None:
        chosen = chosen.where(Stock.on_hand > 0 if request.in_stock else Stock.on_hand == 0)
    return chosen, rank


def _comes_after(after: _After, rank: ColumnElement[int] | None) -> ColumnElement[bool]:
    if rank is None:
        return Product.sku > after.sku
    return or_(rank < after.rank, and_(rank == after.rank, Product.sku > after.sku))


def _write(sku: str, rank: int, request: catalog.ListProducts) -> str:
    place = f"{_fingerprint(request)} {rank} {sku}".encode()
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _read(cursor: str, fingerprint: str) -> _After | None:
    """None when it is no cursor of ours, or one of another query or other filters."""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:  # of base64, or of UTF-8
        return None
    shape = _CURSOR.fullmatch(place)
    if shape is None or shape[1] != fingerprint:
        return None
    return _After(int(shape[2]), shape[3])


def _fingerprint(request: catalog.ListProducts) -> str:
    """Tells lists apart; how long a page is may change on the way."""
    asked = request.model_dump_json(exclude={"cursor", "limit"}, exclude_defaults=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
