"""What tests lean on: fakes that keep to the contract, databases that nobody shares."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from contracts.core import Admin, Service, User
from contracts.core.chassis import Unauthenticated
from libs import testing
from libs.client import Api, Neighbour
from libs.operations.envelope import Envelope, Identity
from libs.operations.errors import Misunderstood, Unavailable
from libs.testing import (
    AnyToken,
    DeadNeighbour,
    Servers,
    as_service,
    as_user,
    connect,
    neighbour,
    nowhere,
    shop,
)
from libs.testing.fixtures import servers
from libs.web import serve

__all__ = ["servers"]


class Asking(Api):
    """Asks one neighbour, whatever the operation."""

    def __init__(self, other: Neighbour) -> None:
        super().__init__(user_token=as_user(shop.ADA), service_token=as_service("orders"))
        self._other = other

    def neighbour_of(self, operation: object) -> Neighbour:
        return self._other


def test_a_fake_answers_what_its_world_says() -> None:
    fake = neighbour(shop.page, (shop.GetThing.handled_by(shop.get_thing),), shop.World())

    assert Asking(fake).send(shop.GetThing(sku="mug")) == shop.a_thing("mug")
    assert Asking(fake).attempt(shop.GetThing(sku="none")) == shop.NoSuchThing(sku="none")


def test_a_fake_cannot_answer_what_the_contract_does_not_allow() -> None:
    world = shop.World(answer=lambda _: shop.undeclared())
    fake = neighbour(shop.page, (shop.Ask.handled_by(shop.ask),), world)

    with pytest.raises(type(shop.undeclared())):
        Asking(fake).send(shop.Ask())


def test_a_fake_that_is_asked_what_its_world_does_not_know_fails_the_test() -> None:
    fake = neighbour(shop.page, (), shop.World())

    with pytest.raises(AssertionError, match="no answer to GetThing"):
        Asking(fake).send(shop.GetThing(sku="mug"))


def test_a_dead_neighbour_answers_nothing() -> None:
    with pytest.raises(Unavailable, match="shop is unavailable: the test killed it"):
        Asking(DeadNeighbour("shop")).send(shop.Ask())
    assert nowhere("a", "b").keys() == {"a", "b"}


def test_a_token_says_who_asks_and_rubbish_does_not() -> None:
    token = AnyToken()

    both = Envelope(
        authorization=as_user(shop.ADA), service_authorization=f"Bearer {as_service('orders')}"
    )
    assert token.identify(both) == Identity(User(shop.ADA), Service("orders"))
    admin = Envelope(authorization=as_user(shop.ADA, admin=True))
    assert token.identify(admin) == Identity(Admin(shop.ADA))
    for rubbish in (Envelope(authorization="x"), Envelope(service_authorization="Bearer user:x")):
        with pytest.raises(Unauthenticated):
            token.identify(rubbish)


def test_an_app_is_asked_through_the_real_client_and_its_bugs_rise() -> None:
    def fail(_: str) -> shop.Greeting:
        raise ZeroDivisionError

    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(answer=fail), access=AnyToken())

    assert connect(app, user=as_user(shop.ADA)).send(shop.Greet()).words == f"User {shop.ADA}"
    assert connect(app, service=as_service("orders")).send(shop.Count()).words == "orders"
    with pytest.raises(Misunderstood):
        connect(app).send(shop.Greet())
    with pytest.raises(ZeroDivisionError):
        connect(app).send(shop.Ask())


def test_each_test_has_a_database_of_its_own_that_is_gone_afterwards(servers: Servers) -> None:
    with servers.database("testing") as one, servers.database("testing") as other:
        with psycopg.connect(one.owner_url) as connection:
            connection.execute("CREATE TABLE mine (id int)")
        with psycopg.connect(other.owner_url) as connection:
            (found,) = connection.execute("SELECT to_regclass('mine')").fetchone() or ("?",)
        assert found is None
        with psycopg.connect(one.app_url) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE theirs (id int)")

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(one.app_url)


def test_the_package_exports_what_it_lists() -> None:
    assert testing.__all__ == sorted(testing.__all__)
    assert all(hasattr(testing, name) for name in testing.__all__)
