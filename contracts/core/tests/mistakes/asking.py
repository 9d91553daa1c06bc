"""What whoever asks must know; each line with a mistake says which."""

from typing import assert_never, assert_type

from page import (
    ORDER,
    ORDER_ID,
    USER_ID,
    CancelOrder,
    GetOrder,
    ListOrders,
    NoSuchOrder,
    Order,
    PlaceOrder,
    TooLate,
)

from contracts.core import Page, Sender


def right(api: Sender) -> int:
    assert_type(api.send(GetOrder(order_id=ORDER_ID)), Order)
    assert_type(api.send(CancelOrder(order_id=ORDER_ID)), None)
    assert_type(api.send(ListOrders()), Page[Order])
    assert_type(api.attempt(ListOrders()), Page[Order])
    assert_type(api.attempt(GetOrder(order_id=ORDER_ID)), Order | NoSuchOrder)
    match api.attempt(PlaceOrder(units=1)):
        case Order(total_cents=cents):
            return cents
        case TooLate() as late:
            return late.minutes
        case never:
            assert_never(never)


def one_refusal_is_forgotten(api: Sender) -> None:
    match api.attempt(CancelOrder(order_id=ORDER_ID)):
        case None:
            pass
        case NoSuchOrder():
            pass
        case never:
            assert_never(never)  # mistake: arg-type


def no_refusal_is_handled(api: Sender) -> int:
    return api.attempt(GetOrder(order_id=ORDER_ID)).total_cents  # mistake: union-attr


def misspelt(api: Sender) -> None:
    PlaceOrder(unit=1)  # mistake: call-arg
    PlaceOrder(units=1, nota="")  # mistake: call-arg
    PlaceOrder()  # mistake: call-arg
    TooLate(minuets=3)  # mistake: call-arg
    TooLate()  # mistake: call-arg
    TooLate(3)  # mistake: call-arg
    Order(order_id=ORDER_ID, owner=USER_ID, cents=1)  # mistake: call-arg
    print(api.send(GetOrder(order_id=ORDER_ID)).total)  # mistake: attr-defined
    print(PlaceOrder(units=1).unit)  # mistake: attr-defined
    print(TooLate(minutes=3).minute)  # mistake: attr-defined
    match api.attempt(PlaceOrder(units=1)):
        case TooLate(minute=minute):  # mistake: misc
            print(minute)


def swapped() -> None:
    GetOrder(order_id=USER_ID)  # mistake: arg-type
    GetOrder(order_id="ord_1")  # mistake: arg-type
    NoSuchOrder(order_id=USER_ID)  # mistake: arg-type
    Order(order_id=USER_ID, owner=ORDER_ID, total_cents=1)  # mistake: arg-type arg-type
    PlaceOrder(units="1")  # mistake: arg-type
    PlaceOrder(units=1, note=3)  # mistake: arg-type


def frozen(api: Sender) -> None:
    ORDER.total_cents = 2  # mistake: misc
    api.send(ORDER)  # mistake: arg-type
    order: str = api.send(GetOrder(order_id=ORDER_ID))  # mistake: assignment
    print(order)
