"""Holds on stock: all lines of an order or none, ended once.

Every transaction here locks the reservation first, then the rows of `stock` in the order of their
numbers: two orders of the same products wait for each other instead of deadlocking. What is taken
is taken by `on_hand >= n`, in the statement that takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import TextClause, insert, select, text
from sqlalchemy.orm import Session

from contracts.catalog import v1 as catalog
from contracts.shared.ids import OrderId, Sku
from libs.messaging import Job, Tx
from services.catalog.deps import Deps
from services.catalog.models import Reservation, ReservationLine, reservation_view

# Whoever comes second waits here until the first has committed, and then finds its row.
_BEGIN = text("""
    INSERT INTO reservation (order_id, expires_at) VALUES (:order_id, now() + :hold)
    ON CONFLICT (order_id) DO NOTHING RETURNING expires_at""")

# Who repeats a request gets time again to record the order. A hold that is fresh is not written.
_RENEW = text("""
    UPDATE reservation SET expires_at = now() + :hold
    WHERE order_id = :order_id AND state = 'held' AND expires_at < now() + :hold / 2""")

_RAN_OUT = text("""
    SELECT expires_at, expires_at <= now() AS is_over, expires_at - now() AS left
    FROM reservation WHERE order_id = :order_id AND state = 'held'""")

_LOCK = text("""
    SELECT stock.sku, stock.on_hand, product.name, product.price_cents, product.currency
    FROM stock JOIN product ON product.sku = stock.sku
    WHERE stock.sku = ANY(:skus) ORDER BY stock.sku FOR NO KEY UPDATE OF stock""")

_TAKE = text("""
    UPDATE stock SET on_hand = on_hand - line.units, reserved = reserved + line.units
    FROM unnest(CAST(:skus AS text[]), CAST(:units AS bigint[])) AS line (sku, units)
    WHERE stock.sku = line.sku AND stock.on_hand >= line.units
    RETURNING stock.sku, stock.on_hand""")

_REFUSE = text("""
    INSERT INTO reservation (order_id, state, expires_at, ended_at)
    VALUES (:order_id, 'released', now(), now())
    ON CONFLICT (order_id) DO NOTHING RETURNING order_id""")

_END = text("""
    UPDATE reservation SET state = :state, ended_at = now()
    WHERE order_id = :order_id AND state = 'held'
        AND expires_at = coalesce(:expires_at, expires_at)
    RETURNING order_id""")

_LOCK_LINES = text("""
    SELECT sku FROM stock WHERE sku IN (
        SELECT sku FROM reservation_line WHERE order_id = :order_id)
    ORDER BY sku FOR NO KEY UPDATE""")

_MOVE = """
    UPDATE stock SET reserved = reserved - line.units, {to} = {to} + line.units
    FROM (SELECT sku, sum(quantity) AS units FROM reservation_line
          WHERE order_id = :order_id GROUP BY sku) AS line
    WHERE stock.sku = line.sku"""
_SELL = text(_MOVE.format(to="sold"))
_GIVE_BACK = text(_MOVE.format(to="on_hand"))


class LookAtHold(Job, name="catalog.look_at_hold"):
    """See what became of the order of a hold that has run out; the `times`-th look."""

    order_id: OrderId
    times: int = 1


class HoldIsGone(Exception):
    """An order ended in a way that its hold does not allow; somebody has to look at the two."""


def reserve(
    deps: Deps, order_id: OrderId, lines: Sequence[catalog.Line]
) -> catalog.Reservation | catalog.ReservationEnded:
    """Hold stock for all lines. The hold that is there already is answered as it is. Raises
    OutOfStock or UnknownLine, and holds nothing then."""
    wanted: Counter[Sku] = Counter()
    for line in lines:
        wanted[line.sku] += line.quantity
    new = {"order_id": order_id, "hold": deps.hold}
    with deps.messages.transaction() as tx:
        expires_at = tx.session.scalar(_BEGIN, new)
        if expires_at is None:
            tx.session.execute(_RENEW, new)
            known = tx.session.get_one(Reservation, order_id)
            if known.state == catalog.ReservationState.RELEASED:
                return catalog.ReservationEnded(order_id=order_id)
            return reservation_view(known, _lines_of(tx.session, order_id))
        # Noted before the first lock, which others wait for.
        look_later(tx, LookAtHold(order_id=order_id), deps.hold)
        held = _take(tx, order_id, lines, wanted)
    begun = Reservation(
        order_id=order_id, state=catalog.ReservationState.HELD, expires_at=expires_at
    )
    return reservation_view(begun, held)


def look_later(tx: Tx, look: LookAtHold, delay: timedelta) -> None:
    """Note a look at a hold; each of its looks is noted once."""
    tx.later(look, key=f"hold:{look.order_id}:{look.times}", delay=delay)


@dataclass(frozen=True, slots=True)
class Running:
    """A hold that has not ended: until when it was given, and how long that still is."""

    expires_at: datetime
    is_over: bool
    left: timedelta


def running(session: Session, order_id: OrderId) -> Running | None:
    """The hold of an order; None when it has ended, or never was."""
    row = session.execute(_RAN_OUT, {"order_id": order_id}).one_or_none()
    return None if row is None else Running(row.expires_at, row.is_over, row.left)


def lapse(tx: Tx, order_id: OrderId, expires_at: datetime) -> bool:
    """Give back what a hold had until then; whether this call did. Not if it was renewed: whoever
    renewed it may be recording the order that was not there when we asked."""
    ended = _end(tx.session, order_id, catalog.ReservationState.RELEASED, expires_at)
    if ended:
        _settle(tx.session, order_id, _GIVE_BACK)
    return ended


def find(deps: Deps, order_id: OrderId) -> catalog.Reservation | catalog.NoSuchReservation:
    """The hold of an order."""
    with deps.messages.database.transaction() as session:
        held = session.get(Reservation, order_id)
        lines = _lines_of(session, order_id)
    if held is None:
        return catalog.NoSuchReservation(order_id=order_id)
    return reservation_view(held, lines)


def release(tx: Tx, order_id: OrderId) -> catalog.ReservationState:
    """Give back what is held for an order, and let nothing be held for it any more. COMMITTED when
    it was sold before; safe to repeat."""
    if tx.session.scalar(_REFUSE, {"order_id": order_id}) is None:
        if _end(tx.session, order_id, catalog.ReservationState.RELEASED):
            _settle(tx.session, order_id, _GIVE_BACK)
        else:
            return catalog.ReservationState(tx.session.get_one(Reservation, order_id).state)
    return catalog.ReservationState.RELEASED


def commit(tx: Tx, order_id: OrderId) -> None:
    """What was held for an order is sold; safe to repeat. Raises HoldIsGone when it was released
    or never held."""
    if _end(tx.session, order_id, catalog.ReservationState.COMMITTED):
        _settle(tx.session, order_id, _SELL)
        return
    known = tx.session.get(Reservation, order_id)
    if known is None or known.state != catalog.ReservationState.COMMITTED:
        state = known.state if known else "not there"
        raise HoldIsGone(
            f"{order_id} is confirmed and its hold is {state}: hold and sell its lines by hand, or "
            "refund the customer"
        )


def _take(
    tx: Tx, order_id: OrderId, lines: Sequence[catalog.Line], wanted: Mapping[Sku, int]
) -> list[ReservationLine]:
    stock = {row.sku: row for row in tx.session.execute(_LOCK, {"skus": list(wanted)})}
    for sku, units in wanted.items():
        if sku not in stock:
            raise catalog.UnknownLine(sku=sku)
        if stock[sku].on_hand < units:
            raise catalog.OutOfStock(sku=sku, units_left=stock[sku].on_hand)
    taken = tx.session.execute(_TAKE, {"skus": list(wanted), "units": list(wanted.values())}).all()
    if len(taken) != len(wanted):
        raise RuntimeError(f"{order_id}: stock that was locked has changed")
    for row in taken:
        if row.on_hand == 0:
            tx.publish(catalog.StockRanOut(sku=Sku(row.sku)))
    held = [
        ReservationLine(
            order_id=order_id,
            position=position,
            sku=line.sku,
            name=stock[line.sku].name,
            quantity=line.quantity,
            price_cents=stock[line.sku].price_cents,
            currency=stock[line.sku].currency,
        )
        for position, line in enumerate(lines)
    ]
    columns = [column.key for column in ReservationLine.__table__.columns]
    rows = [{name: getattr(line, name) for name in columns} for line in held]
    tx.session.execute(insert(ReservationLine), rows)
    return held


def _end(
    session: Session,
    order_id: OrderId,
    state: catalog.ReservationState,
    expires_at: datetime | None = None,
) -> bool:
    """The one place where a hold ends, with `expires_at` only if it is given until then; whether
    this call did it."""
    said = {"order_id": order_id, "state": state.value, "expires_at": expires_at}
    return session.scalar(_END, said) is not None


def _settle(session: Session, order_id: OrderId, how: TextClause) -> None:
    session.execute(_LOCK_LINES, {"order_id": order_id})
    session.execute(how, {"order_id": order_id})


def _lines_of(session: Session, order_id: OrderId) -> list[ReservationLine]:
    chosen = select(ReservationLine).where(ReservationLine.order_id == order_id)
    return list(session.scalars(chosen.order_by(ReservationLine.position)))
