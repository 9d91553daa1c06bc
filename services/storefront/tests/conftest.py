"""The world of the storefront: its neighbours as fakes that keep to their contracts, a real Valkey,
and a browser that remembers its cookies."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contracts.catalog import v1 as catalog
from contracts.core import Admin, Anyone, Page, Service, User
from contracts.orders import v1 as orders
from contracts.payments import v1 as payments
from contracts.shared.address import EmailAddress
from contracts.shared.ids import OrderId, Sku, UserId
from contracts.shared.money import Money
from contracts.users import v1 as users
from libs.access import ServiceTokens
from libs.access.keys import load_private, new_key
from libs.client import Call, Peers
from libs.keyvalue import KeyValue
from libs.operations.context import idempotency_key
from libs.operations.envelope import Reply
from libs.testing import DeadNeighbour, Servers, neighbour, nowhere
from libs.testing.fixtures import servers
from services.storefront.app import create_app
from services.storefront.deps import NAME, PEERS, Deps, deps_of
from services.storefront.shelf import Shelf

__all__ = ["servers"]

ADA = UserId("usr_" + "a" * 26)
EMAIL, PASSWORD = "ada@example.com", "correct horse"
MUG, PEN, CALENDAR = Sku("mug-blue"), Sku("pen-brass"), Sku("calendar-wall")
VALKEY_AWAY = "redis://127.0.0.1:9"

_numbers = count(1)


def a_product(
    sku: Sku, cents: int, units_left: int, *, category: str = "tableware", name: str = ""
) -> catalog.Product:
    return catalog.Product(
        sku=sku,
        name=name or sku.replace("-", " ").title(),
        description="A thing to have.",
        category=category,
        price=catalog.Price(cents=cents),
        attributes={"colour": "blue", "capacity_ml": 350},
        units_left=units_left,
    )


@dataclass
class World:
    """What the neighbours know and have been asked for. `place` decides what becomes of an order."""

    products: dict[Sku, catalog.Product] = field(
        default_factory=lambda: {
            MUG: a_product(MUG, 1450, 10),
            PEN: a_product(PEN, 6900, 3, category="stationery"),
            CALENDAR: a_product(CALENDAR, 1990, 0, category="stationery"),
        }
    )
    accounts: dict[str, users.Account] = field(default_factory=dict)
    orders: dict[OrderId, orders.Order] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    lists: list[catalog.ListProducts] = field(default_factory=list)
    place: Callable[[Any], Any] | None = None
    payment: payments.State = payments.State.REQUESTED
    token_lives_s: int = 600
    locked_for_s: int | None = None


def _list(request: catalog.ListProducts, _: Anyone, world: World) -> Page[catalog.Product]:
    world.lists.append(request)
    found = [
        product
        for product in world.products.values()
        if (not request.query or request.query.lower() in product.name.lower())
        and (request.category in (None, product.category))
        and (not request.skus or product.sku in request.skus)
        and (request.in_stock is None or request.in_stock == (product.units_left > 0))
    ]
    return Page[catalog.Product](items=tuple(found[: request.limit]))


def _categories(_: catalog.ListCategories, __: Anyone, world: World) -> catalog.Categories:
    names = sorted({product.category for product in world.products.values()})
    sizes = tuple(catalog.CategorySize(category=name, products=1) for name in names)
    return catalog.Categories(items=sizes)


def _product(
    request: catalog.GetProduct, _: Anyone, world: World
) -> catalog.Product | catalog.NoSuchProduct:
    return world.products.get(request.sku) or catalog.NoSuchProduct(sku=request.sku)


def _register(
    request: users.RegisterUser, _: Anyone, world: World
) -> users.Account | users.AddressTaken:
    if request.email in world.accounts:
        return users.AddressTaken()
    account = users.Account(
        user_id=ADA, email=request.email, name=request.name, registered_at=datetime.now(UTC)
    )
    world.accounts[request.email] = account
    return account


def _log_in(
    request: users.LogIn, _: Anyone, world: World
) -> users.Session | users.WrongCredentials | users.TooManyAttempts:
    if world.locked_for_s:
        return users.TooManyAttempts(retry_after_s=world.locked_for_s)
    if request.email not in world.accounts or request.password != PASSWORD:
        return users.WrongCredentials()
    user_id = world.accounts[request.email].user_id
    return users.Session(
        access_token=f"user:{user_id}", expires_in_s=world.token_lives_s, user_id=user_id
    )


def _me(_: users.GetMe, caller: User, world: World) -> users.Account | users.NoSuchUser:
    for account in world.accounts.values():
        if account.user_id == caller.user_id:
            return account
    return users.NoSuchUser(user_id=caller.user_id)


def _place(request: orders.PlaceOrder, caller: User, world: World) -> Any:
    world.keys.append(idempotency_key())
    if world.place is not None:
        return world.place(request)
    return placed(world, caller.user_id, request)


def placed(world: World, user_id: UserId, request: orders.PlaceOrder) -> orders.Order:
    """An order that payments will look at."""
    lines = tuple(
        orders.PricedLine(
            sku=line.sku,
            name=world.products[line.sku].name,
            quantity=line.quantity,
            unit_price=Money(cents=world.products[line.sku].price.cents),
        )
        for line in request.lines
    )
    order = orders.Order(
        order_id=OrderId(f"ord_{next(_numbers):026}"),
        user_id=user_id,
        status=orders.Status.PENDING,
        lines=lines,
        total=sum((line.unit_price * line.quantity for line in lines), start=Money(cents=0)),
        placed_at=datetime.now(UTC),
    )
    world.orders[order.order_id] = order
    return order


def _get_order(
    request: orders.GetOrder, caller: User | Admin | Service, world: World
) -> orders.Order | orders.NoSuchOrder:
    order = world.orders.get(request.order_id)
    if order is None or not isinstance(caller, User) or caller.user_id != order.user_id:
        return orders.NoSuchOrder(order_id=request.order_id)
    return order


def _list_orders(_: orders.ListOrders, caller: User, world: World) -> Page[orders.Order]:
    own = [order for order in world.orders.values() if order.user_id == caller.user_id]
    return Page[orders.Order](items=tuple(reversed(own)))


def _cancel(
    request: orders.CancelOrder, _: User, world: World
) -> orders.Order | orders.NoSuchOrder | orders.TooLateToCancel:
    order = world.orders[request.order_id]
    if order.status is orders.Status.CONFIRMED:
        return orders.TooLateToCancel(order_id=request.order_id)
    return ends(world, order, orders.Status.CANCELLED, reason=orders.Reason.BY_CUSTOMER)


def ends(world: World, order: orders.Order, status: orders.Status, **why: Any) -> orders.Order:
    """The order as it is from now on."""
    changed = order.model_copy(update={"status": status, **why})
    world.orders[order.order_id] = changed
    return changed


def ages(world: World, order: orders.Order, seconds: float) -> None:
    """The order was placed so long ago."""
    then = order.placed_at - timedelta(seconds=seconds)
    world.orders[order.order_id] = order.model_copy(update={"placed_at": then})


def _payment(
    request: payments.GetPayment, _: Admin | Service, world: World
) -> payments.Payment | payments.NoSuchPayment:
    return payments.Payment(
        order_id=request.order_id,
        user_id=ADA,
        amount=Money(cents=1),
        state=world.payment,
        updated_at=datetime.now(UTC),
    )


_FAKES: dict[Any, tuple[Any, ...]] = {
    catalog: (
        catalog.ListProducts.handled_by(_list),
        catalog.ListCategories.handled_by(_categories),
        catalog.GetProduct.handled_by(_product),
    ),
    users: (
        users.RegisterUser.handled_by(_register),
        users.LogIn.handled_by(_log_in),
        users.GetMe.handled_by(_me),
    ),
    orders: (
        orders.PlaceOrder.handled_by(_place),
        orders.GetOrder.handled_by(_get_order),
        orders.ListOrders.handled_by(_list_orders),
        orders.CancelOrder.handled_by(_cancel),
    ),
    payments: (payments.GetPayment.handled_by(_payment),),
}


class Neighbours:
    """All neighbours of one storefront, which can be killed and come back."""

    def __init__(self, peers: Peers, world: World) -> None:
        self._peers = peers
        self._alive = {
            contract.__name__.split(".")[1]: neighbour(contract, routes, world, believing=NAME)
            for contract, routes in _FAKES.items()
        }
        for name in self._alive:
            self.revive(name)

    def kill(self, name: str) -> None:
        """From now on it answers nothing."""
        self._peers.put(name, DeadNeighbour(name))

    def revive(self, name: str) -> None:
        """It answers again."""
        self._peers.put(name, self._alive[name])

    def answer(self, name: str, status: int, body: bytes = b"{}") -> None:
        """It answers everything with this."""
        self._peers.put(name, _Fixed(Reply(status, body)))


@dataclass(frozen=True)
class _Fixed:
    reply: Reply

    def exchange(self, _: Call) -> Reply:
        return self.reply


class Browser:
    """Somebody who fills in the forms that they see."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page: TestResponse

    def get(self, path: str, **options: Any) -> TestResponse:
        """Look at a page; redirects are followed."""
        self.page = self.client.get(path, follow_redirects=True, **options)
        return self.page

    def post(
        self, path: str, said: dict[str, Any] | None = None, *, follow: bool = True, **options: Any
    ) -> TestResponse:
        """Send a form with the token of the page at hand."""
        both = {"form_token": self.token()} | (said or {})
        self.page = self.client.post(path, data=both, follow_redirects=follow, **options)
        return self.page

    def token(self) -> str:
        """The one of a form of the page at hand; of the front page's where that has none."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.page.text)
        return found[1] if found else ""

    def field(self, name: str) -> str:
        """The value of a field of the page at hand."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page.text)
        assert found, f"no field {name} in {self.page.text}"
        return found[1]

    @property
    def text(self) -> str:
        """What can be read on the page."""
        body = re.sub(
            r"<script.*?</script>|<title>.*?</title>|<[^>]+>", " ", self.page.text, flags=re.S
        )
        return html.unescape(re.sub(r"\s+", " ", body))

    @property
    def path(self) -> str:
        """Where the redirects led."""
        return self.page.request.path

    # What people do

    def add(self, sku: Sku, units: int = 1) -> None:
        """Put it into the cart, from its page."""
        self.get(f"/products/{sku}")
        self.post("/cart/lines", {"sku": sku, "units": units})

    def log_in(self, password: str = PASSWORD, **said: str) -> None:
        """With Ada's address."""
        self.get("/login")
        self.post("/login", {"email": EMAIL, "password": password, **said})

    def pay(self, card: str = "pm_card_visa") -> TestResponse:
        """Check out what is in the cart."""
        self.get("/checkout")
        return self.press_pay(card)

    def press_pay(self, card: str = "pm_card_visa", **said: str) -> TestResponse:
        """On the check-out page at hand."""
        fields = {"key": self.field("key"), "total": self.field("total"), "card": card}
        return self.post("/checkout", fields | said)


@pytest.fixture
def world() -> World:
    account = users.Account(
        user_id=ADA, email=EmailAddress(EMAIL), name="Ada", registered_at=datetime.now(UTC)
    )
    return World(accounts={EMAIL: account})


@pytest.fixture
def peers(tmp_path: Path) -> Peers:
    key = tmp_path / "storefront.pem"
    key.write_bytes(new_key()[0])
    names = nowhere("catalog", "orders", "payments", "users")
    return Peers(NAME, PEERS, names, ServiceTokens(NAME, load_private(key)))


@pytest.fixture
def neighbours(peers: Peers, world: World) -> Neighbours:
    return Neighbours(peers, world)


@pytest.fixture
def cache(servers: Servers) -> Iterator[KeyValue]:
    made = KeyValue(servers.valkey.url)
    yield made
    made.run(lambda client: client.flushall())


@pytest.fixture
def deps(peers: Peers, neighbours: Neighbours, cache: KeyValue) -> Deps:
    # Nothing is young, so that what a neighbour's death does shows at once.
    return replace(deps_of(peers, cache), shelf=Shelf(peers, cache, fresh_s=0))


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def browser(app: Flask) -> Browser:
    made = Browser(app)
    made.get("/")
    return made


@pytest.fixture
def without_valkey(peers: Peers, neighbours: Neighbours) -> Browser:
    """Somebody at a shop whose Valkey is away."""
    return Browser(create_app(deps_of(peers, KeyValue(VALKEY_AWAY))))
