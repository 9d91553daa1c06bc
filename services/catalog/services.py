"""Products: found, written, and their stock changed. Holds are in `reservations`, lists in `search`."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.telemetry.logs import get_logger
from services.catalog.deps import Deps
from services.catalog.models import Product, Stock

log = get_logger(__name__)

_ADD_STOCK = text("INSERT INTO stock (sku) VALUES (:sku) ON CONFLICT (sku) DO NOTHING")

# The bounds are those of the table, so that they are an answer instead of an error.
_CHANGE = text("""
    UPDATE stock SET on_hand = on_hand + :units, supplied = supplied + :units
    WHERE sku = :sku AND on_hand + :units >= 0 AND on_hand + reserved + :units <= 1000000
    RETURNING on_hand""")

_NOTE_CHANGE = text("""
    INSERT INTO stock_change (key, sku, units) SELECT :key, sku, :units FROM stock WHERE sku = :sku
    ON CONFLICT (key) DO NOTHING RETURNING key""")


def find(deps: Deps, sku: Sku) -> catalog.Product | catalog.NoSuchProduct:
    """The product of this number."""
    with deps.messages.database.transaction() as session:
        return _find(session, sku)


def put(deps: Deps, request: catalog.PutProduct) -> catalog.Product:
    """Add a product, or replace what is said of it; its stock stays."""
    said = {
        "name": request.name,
        "description": request.description,
        "category": request.category,
        "price_cents": request.price.cents,
        "currency": request.price.currency,
        "attributes": request.attributes,
    }
    new = insert(Product).values(sku=request.sku, **said)
    with deps.messages.transaction() as tx:
        tx.session.execute(
            new.on_conflict_do_update(
                index_elements=["sku"], set_=said | {"changed_at": func.now()}
            )
        )
        tx.session.execute(_ADD_STOCK, {"sku": request.sku})
        put = _find(tx.session, request.sku)
    assert isinstance(put, catalog.Product)
    return put


def change_stock(
    deps: Deps, sku: Sku, units: int, *, key: str
) -> catalog.Product | catalog.NoSuchProduct | catalog.StockTooLow | catalog.StockTooHigh:
    """Units came in or are gone; of several changes with one `key` the first happens."""
    with deps.messages.transaction() as tx:
        change = {"sku": sku, "units": units, "key": key}
        if tx.session.scalar(_NOTE_CHANGE, change) is None:
            return _find(tx.session, sku)  # no such product, or this change happened before
        on_hand = tx.session.scalar(_CHANGE, change)
        if on_hand is None:
            # Raised, so that the change is not noted either.
            raise _refusal(tx.session, sku, units)
        if on_hand == 0 and units < 0:
            tx.publish(catalog.StockRanOut(sku=sku))
        changed = _find(tx.session, sku)
    log.info("stock changed", sku=sku, units=units, on_hand=on_hand)
    return changed


def _refusal(session: Session, sku: Sku, units: int) -> catalog.StockTooLow | catalog.StockTooHigh:
    left = session.get_one(Stock, sku).on_hand
    if units < 0:
        return catalog.StockTooLow(sku=sku, units_left=left)
    return catalog.StockTooHigh(sku=sku, units_left=left)


def _find(session: Session, sku: Sku) -> catalog.Product | catalog.NoSuchProduct:
    chosen = select(Product, Stock.on_hand).join(Stock, Stock.sku == Product.sku)
    row = session.execute(chosen.where(Product.sku == sku)).one_or_none()
    return catalog.NoSuchProduct(sku=sku) if row is None else row[0].view(row[1])
