"""Registering, and who may read an account."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from contracts.core.feed import ReadFeed
from contracts.shared.address import EmailAddress
from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.client import Api
from services.users.tests.conftest import ADA

STRANGER = UserId("usr_" + "z" * 26)


def test_who_registers_has_an_account_that_they_can_read(
    anyone: Api, user: Callable[[UserId], Api]
) -> None:
    account = anyone.send(ADA)

    mine = user(account.user_id).send(users.GetMe())

    assert mine == account
    assert (mine.email, mine.name) == ("Ada@example.com", "Ada Lovelace")


def test_an_address_has_one_account_whatever_its_capitals(anyone: Api, ada: users.Account) -> None:
    again = ADA.model_copy(update={"email": EmailAddress("ADA@example.com")})

    refused = anyone.attempt(again)

    assert refused == users.AddressTaken()


def test_of_two_that_register_one_address_at_once_one_wins(anyone: Api, service: Api) -> None:
    answers: list[users.Account | users.AddressTaken] = []
    together = Barrier(4)

    def register() -> None:
        together.wait()
        answers.append(anyone.attempt(ADA))

    threads = [Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(answer, users.Account) for answer in answers) == 1
    assert sum(isinstance(answer, users.AddressTaken) for answer in answers) == 3


def test_a_registration_is_a_fact_without_the_address(
    anyone: Api, published: Callable[[], list[tuple[str, str, str]]]
) -> None:
    account = anyone.send(ADA)

    ((name, key, data),) = published()

    assert (name, key) == ("users.user_registered.v1", account.user_id)
    assert "example.com" not in data
    assert "Ada" not in data


def test_a_refused_registration_is_no_fact(
    anyone: Api, ada: users.Account, published: Callable[[], list[tuple[str, str, str]]]
) -> None:
    before = published()

    anyone.attempt(ADA)

    assert published() == before


def test_a_stranger_does_not_learn_that_an_account_exists(
    user: Callable[[UserId], Api], ada: users.Account
) -> None:
    stranger = user(STRANGER)

    existing = stranger.attempt(users.GetUser(user_id=ada.user_id))
    made_up = stranger.attempt(users.GetUser(user_id=UserId("usr_" + "y" * 26)))

    assert isinstance(existing, users.NoSuchUser)
    assert isinstance(made_up, users.NoSuchUser)


def test_the_owner_an_admin_and_a_service_read_an_account(
    user: Callable[[UserId], Api], admin: Api, service: Api, ada: users.Account
) -> None:
    request = users.GetUser(user_id=ada.user_id)

    seen = [api.send(request) for api in (user(ada.user_id), admin, service)]

    assert seen == [ada, ada, ada]


def test_an_account_that_is_gone_is_no_such_user(user: Callable[[UserId], Api]) -> None:
    refused = user(STRANGER).attempt(users.GetMe())

    assert refused == users.NoSuchUser(user_id=STRANGER)


def test_the_feed_is_for_services_alone(
    anyone: Api, user: Callable[[UserId], Api], service: Api, ada: users.Account
) -> None:
    from libs.operations.errors import Misunderstood

    page = service.send(ReadFeed())

    assert page.items == ()  # no worker has numbered it yet
    for api in (anyone, user(ada.user_id)):
        try:
            api.send(ReadFeed())
        except Misunderstood as error:
            assert "40" in str(error)
        else:
            raise AssertionError("the feed was read by somebody who is no service")
