"""A contract with one of everything, served by a small world: for the chassis' own tests.

It calls itself `contracts.shop.v1`, so that the service it belongs to is `shop`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.core import (
    Accepted,
    Admin,
    Anyone,
    JsonObject,
    OpenEnum,
    Page,
    Problem,
    Request,
    Sender,
    Service,
    User,
    Value,
)
from contracts.core.chassis import Forbidden
from contracts.shared.address import EmailAddress
from contracts.shared.ids import UserId
from contracts.shared.money import Money
from contracts.shared.time import Timestamp
from libs.operations.context import Context, current

page = sys.modules[__name__]
__name__ = "contracts.shop.v1"
page.__name__ = __name__
sys.modules[__name__] = page

Sku = Annotated[str, Field(min_length=1, max_length=40)]
ADA = UserId("usr_" + "0" * 26)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class State(OpenEnum):
    UNKNOWN = "unknown"
    SOLD = "sold"


class ByCard(Value):
    kind: Literal["card"] = "card"
    last_digits: Annotated[str, Field(pattern=r"^\d{4}$")]


class ByInvoice(Value):
    kind: Literal["invoice"] = "invoice"
    email: EmailAddress


class Thing(Value):
    sku: Sku
    price: Money
    state: State = State.SOLD
    colour: Colour | None = None
    attributes: JsonObject = Field(default_factory=dict)
    made_at: Timestamp | None = None


class Parcel(Value):
    """How a thing goes out: it contains things, so that schemas refer to one another."""

    things: tuple[Thing, ...]
    within: Parcel | None = None


class Greeting(Value):
    words: str


class NoSuchThing(Problem, status=404, title="No such thing"):
    """Nothing has this number."""

    sku: Sku


class SoldOut(Problem, status=409, title="Sold out"):
    """Somebody else was faster."""

    sku: Sku
    units_left: int


class Reserved(Problem, status=409, title="Reserved for somebody"):
    """Ask again once their time is over."""

    retry_after_s: int


class GetThing(Request[Anyone, Thing, NoSuchThing], http="GET /api/v1/things/{sku}"):
    """One thing."""

    sku: Sku


class ListThings(Request[Anyone, Page[Thing]], http="GET /api/v1/things"):
    """Things, by colour and price."""

    colour: Colour | None = None
    tag: tuple[str, ...] = ()
    most_cents: Annotated[int, Field(ge=0)] = 1000
    available: bool = False


class ChangeThing(
    Request[User | Admin, Thing, NoSuchThing | SoldOut | Reserved],
    http="PUT /api/v1/things/{sku}",
):
    """Change what was set."""

    sku: Sku
    price: Money | None = None
    attributes: JsonObject = Field(default_factory=dict)
    payment: Annotated[ByCard | ByInvoice, Field(discriminator="kind")] | None = None


class SendParcel(Request[Anyone, Parcel], http="POST /api/v1/parcels", status=201):
    """Send a parcel."""

    parcel: Parcel
    password: Annotated[str, Field(min_length=4, repr=False)] = "open sesame"


class DropThing(Request[User | Service, None, NoSuchThing], http="DELETE /api/v1/things/{sku}"):
    """Take it out of the shop."""

    sku: Sku


class MakeThing(Request[Anyone, Accepted[GetThing]], http="POST /api/v1/things"):
    """Have it made; ask for it later."""

    sku: Sku


class Greet(Request[User, Greeting], http="GET /api/v1/greeting"):
    """A word for whoever asks."""


class Count(Request[Service, Greeting], http="GET /api/v1/count", deadline_s=0.5):
    """For services alone."""


class Ask(Request[Anyone, Greeting], http="POST /api/v1/questions"):
    """Goes through whatever `World.answer` does; the words are free."""

    words: str = ""


class AskAsUser(Request[User, Greeting], http="POST /api/v1/my/questions"):
    """The same for a user, so that their token travels on."""

    words: str = ""


@dataclass
class World:
    """What the handlers work with: tests set `answer`, and look at what was seen."""

    answer: Callable[[str], Greeting | Problem] = lambda words: Greeting(words=words)
    peers: Sender | None = None
    seen: list[Context] = field(default_factory=list)
    asked: list[Request[object, object, Problem]] = field(default_factory=list)


def a_thing(sku: str) -> Thing:
    return Thing(sku=sku, price=Money(cents=250))


def get_thing(request: GetThing, _: Anyone, world: World) -> Thing | NoSuchThing:
    return NoSuchThing(sku=request.sku) if request.sku == "none" else a_thing(request.sku)


def list_things(request: ListThings, _: Anyone, world: World) -> Page[Thing]:
    return Page(items=tuple(a_thing(tag) for tag in request.tag), next_cursor="x")


def change_thing(
    request: ChangeThing, _: User | Admin, world: World
) -> Thing | NoSuchThing | SoldOut | Reserved:
    if request.sku == "none":
        raise NoSuchThing(sku=request.sku)
    if request.sku == "last":
        return SoldOut(sku=request.sku, units_left=0)
    if request.sku == "held":
        return Reserved(retry_after_s=7)
    return a_thing(request.sku)


def send_parcel(request: SendParcel, _: Anyone, world: World) -> Parcel:
    world.answer(request.password)
    return request.parcel


def drop_thing(request: DropThing, _: User | Service, world: World) -> None:
    if request.sku == "none":
        raise NoSuchThing(sku=request.sku)


def make_thing(request: MakeThing, _: Anyone, world: World) -> Accepted[GetThing]:
    return Accepted(then=GetThing(sku=request.sku))


def greet(_: Greet, caller: User, world: World) -> Greeting:
    return Greeting(words=f"{type(caller).__name__} {caller.user_id}")


def count(_: Count, caller: Service, world: World) -> Greeting:
    return Greeting(words=caller.name)


def ask(request: Ask | AskAsUser, _: Anyone, world: World) -> Greeting:
    if context := current():
        world.seen.append(context)
    answer = world.answer(request.words)
    if isinstance(answer, Problem):
        raise answer
    return answer


def undeclared() -> Forbidden:
    """A problem that no operation of this contract declares."""
    return Forbidden(detail="not today")


routes = (
    GetThing.handled_by(get_thing),
    ListThings.handled_by(list_things),
    ChangeThing.handled_by(change_thing),
    SendParcel.handled_by(send_parcel),
    DropThing.handled_by(drop_thing),
    MakeThing.handled_by(make_thing),
    Greet.handled_by(greet),
    Count.handled_by(count),
    Ask.handled_by(ask),
    AskAsUser.handled_by(ask),
)
