"""What a handler takes and gives; each line with a mistake says which."""

from page import (
    ORDER,
    CancelOrder,
    Deps,
    GetOrder,
    ListOrders,
    NoSuchOrder,
    Order,
    PlaceOrder,
    Search,
    TooLate,
    Tx,
)

from contracts.core import Admin, Anyone, Binding, Page, Service, User


def place(request: PlaceOrder, caller: User, deps: Deps) -> Order | TooLate:
    return ORDER if request.units else TooLate(minutes=3)


def place_always(request: PlaceOrder, caller: User, deps: Deps) -> Order:
    return ORDER


def place_for_anyone(request: PlaceOrder, caller: Anyone, deps: Deps) -> Order:
    return ORDER


def cancel(request: CancelOrder, caller: User, deps: Deps) -> NoSuchOrder | None:
    return None


def get(request: GetOrder, caller: User | Service, deps: Deps) -> Order | NoSuchOrder:
    return deps.order(request.order_id) or NoSuchOrder(order_id=request.order_id)


def page(request: ListOrders, caller: Admin, deps: Deps) -> Page[Order]:
    return Page(items=(ORDER,))


routes: tuple[Binding[Deps], ...] = (
    PlaceOrder.handled_by(place),
    PlaceOrder.handled_by(place_always),
    PlaceOrder.handled_by(place_for_anyone),
    CancelOrder.handled_by(cancel),
    GetOrder.handled_by(get),
    ListOrders.handled_by(page),
)


def get_for_users(request: GetOrder, caller: User, deps: Deps) -> Order: ...  # mistake: empty-body


def search_for_users(request: Search, caller: User, deps: Deps) -> Page[Order]:
    return Page(items=())


def place_for_admins(request: PlaceOrder, caller: Admin, deps: Deps) -> Order:
    return ORDER


def place_bare(request: PlaceOrder, caller: User, deps: Deps) -> str:
    return "ord_1"


def place_none(request: PlaceOrder, caller: User, deps: Deps) -> None:
    return None


def place_refused(request: PlaceOrder, caller: User, deps: Deps) -> Order | NoSuchOrder:
    return NoSuchOrder(order_id=ORDER.order_id)


def place_without_deps(request: PlaceOrder, caller: User) -> Order:
    return ORDER


def place_in(request: PlaceOrder, caller: User, deps: Tx) -> Order:
    return ORDER


GetOrder.handled_by(get_for_users)  # mistake: arg-type
Search.handled_by(search_for_users)  # mistake: arg-type
PlaceOrder.handled_by(place_for_admins)  # mistake: arg-type
PlaceOrder.handled_by(get)  # mistake: arg-type
PlaceOrder.handled_by(place_bare)  # mistake: arg-type
PlaceOrder.handled_by(place_none)  # mistake: arg-type
PlaceOrder.handled_by(place_refused)  # mistake: arg-type
PlaceOrder.handled_by(place_without_deps)  # mistake: arg-type
ListOrders.handled_by(search_for_users)  # mistake: arg-type


def place_undeclared(request: PlaceOrder, caller: User, deps: Deps) -> Order | TooLate:
    if request.units > 3:
        return NoSuchOrder(order_id=ORDER.order_id)  # mistake: return-value
    if request.untis:  # mistake: attr-defined
        return request  # mistake: return-value
    return Page(items=(ORDER,))  # mistake: return-value


mixed: tuple[Binding[Deps], ...] = (
    PlaceOrder.handled_by(place),
    PlaceOrder.handled_by(place_in),  # mistake: arg-type
)
