"""What the users service promises: accounts, sessions, and the fact that somebody registered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.core import Admin, Anyone, Event, OpenEnum, Problem, Request, Service, User, Value
from contracts.shared.address import EmailAddress
from contracts.shared.ids import OrderId, UserId
from contracts.shared.money import Money
from contracts.shared.text import ONE_LINE
from contracts.shared.time import Timestamp

Password = Annotated[
    str, Field(min_length=10, max_length=128, repr=False, examples=["correct horse battery"])
]
PersonName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=100,
        pattern=ONE_LINE,
    ),
    Field(examples=["Ada Lovelace"]),
]


class Account(Value):
    """A customer as the users service knows them."""

    user_id: UserId
    email: EmailAddress
    name: PersonName
    registered_at: Timestamp


class Session(Value):
    """A log-in: send the token as `Authorization: Bearer <access_token>`."""

    access_token: Annotated[str, Field(repr=False)]
    token_type: str = "Bearer"
    expires_in_s: int
    user_id: UserId


class AddressTaken(Problem, status=409, title="An account with this address exists"):
    """Log in instead, or register with another address."""


class WrongCredentials(Problem, status=401, title="Address or password is wrong"):
    """Which of the two is not said."""


class TooManyAttempts(Problem, status=429, title="Too many attempts"):
    """Wait before the next attempt to log in."""

    retry_after_s: int


class NoSuchUser(Problem, status=404, title="No such user"):
    """No account has this id, or it is somebody else's."""

    user_id: UserId


class RegisterUser(
    Request[Anyone, Account, AddressTaken],
    http="POST /api/v1/users",
    status=201,
    deadline_s=3,
):
    """Open an account. A welcome is mailed once the fact has reached notifications."""

    email: EmailAddress
    password: Password
    name: PersonName


class LogIn(
    Request[Anyone, Session, WrongCredentials | TooManyAttempts],
    http="POST /api/v1/sessions",
    status=201,
    deadline_s=3,
):
    """Prove who you are and get a token for ten minutes."""

    email: EmailAddress
    password: Annotated[
        str, Field(min_length=1, max_length=128, repr=False, examples=["correct horse battery"])
    ]


class GetMe(Request[User, Account, NoSuchUser], http="GET /api/v1/users/me"):
    """The account of whoever asks."""


class GetUser(
    Request[User | Admin | Service, Account, NoSuchUser],
    http="GET /api/v1/users/{user_id}",
):
    """An account, for its owner, an admin or a service; for others it does not exist."""

    user_id: UserId


class OrderStatus(OpenEnum):
    """Where an order stands; the orders service says what each word means."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class OrderSummary(Value):
    """An order in a line; the orders service knows the rest."""

    order_id: OrderId
    status: OrderStatus
    total: Money
    placed_at: Timestamp


class Part(OpenEnum):
    """A part of an overview that another service has to tell."""

    ORDERS = "orders"
    UNKNOWN = "unknown"


class Overview(Value):
    """An account and what the shop's other services say of it. A part that could not be had in
    time is null and stands in `missing`: ask again later."""

    account: Account
    orders: tuple[OrderSummary, ...] | None
    missing: tuple[Part, ...] = ()


class GetMyOverview(Request[User, Overview, NoSuchUser], http="GET /api/v1/users/me/overview"):
    """The account of whoever asks, with their five latest orders, the latest first."""


class UserRegistered(Event, name="users.user_registered.v1", key="user_id"):
    """Once per account, in the transaction that opened it. The address is asked for when needed."""

    user_id: UserId
    registered_at: Timestamp
