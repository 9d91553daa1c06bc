"""What a consumer takes in; each line with a mistake says which."""

from page import USER_ID, Deps, OrderCancelled, OrderId, OrderPlaced, Tx

from contracts.core import Consumer


def note(event: OrderPlaced, tx: Tx, deps: Deps) -> None:
    deps.order(event.order_id)


def note_and_tell(event: OrderPlaced, tx: Tx, deps: Deps) -> bool:
    return event.order_id == OrderId("ord_1")


def note_twice(event: OrderPlaced, tx: Tx) -> None: ...


consumers: tuple[Consumer[Tx, Deps], ...] = (OrderPlaced.handled_by(note),)

OrderCancelled.handled_by(note)  # mistake: arg-type
OrderPlaced.handled_by(note_and_tell)  # mistake: arg-type
OrderPlaced.handled_by(note_twice)  # mistake: arg-type
OrderPlaced(order_id=USER_ID)  # mistake: arg-type
OrderPlaced(order=OrderId("ord_1"))  # mistake: call-arg
print(OrderPlaced(order_id=OrderId("ord_1")).order)  # mistake: attr-defined
