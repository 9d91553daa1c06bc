"""A KEYED request is done once: its repeats get the first one's answer."""

from __future__ import annotations

import json
import time

import pytest

from contracts.core import Service, User
from libs.operations.context import current, idempotency_key
from libs.operations.dispatch import Dispatcher
from libs.operations.envelope import Envelope, Identity, Nobody, Reply
from libs.operations.errors import DeadlineExceeded, Unavailable
from libs.operations.repeats import Asked, Claim
from libs.testing import RememberedRepeats, keyed
from libs.testing.keyed import Bank, ask

REPLAYED = ("Idempotency-Replayed", "true")


def kind(reply: Reply) -> str:
    return str(json.loads(reply.body)["type"])


def test_a_repeat_gets_the_same_bytes_and_is_told_so() -> None:
    bank, repeats = Bank(), RememberedRepeats()

    first = ask(bank, repeats, "k")
    second = ask(bank, repeats, "k")

    assert bank.keys == ["k"]
    assert second == Reply(201, first.body, (*first.headers, REPLAYED))
    assert REPLAYED not in first.headers


def test_another_key_is_another_payment() -> None:
    bank, repeats = Bank(), RememberedRepeats()

    numbers = [json.loads(ask(bank, repeats, key).body)["number"] for key in ("a", "b", "a")]

    assert numbers == [1, 2, 1]


@pytest.mark.parametrize(
    "key", [None, "", " ", "k" * 256, "k ", " k", "k\n", "k\x7f", "ключ", "k\x00", "kö"]
)
def test_without_a_key_that_can_be_one_nothing_is_done(key: str | None) -> None:
    bank = Bank()

    reply = ask(bank, RememberedRepeats(), key)

    assert (reply.status, kind(reply), bank.keys) == (400, "/problems/key-required", [])


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key, with spaces", '"quoted"', "~!@#"])
def test_a_key_may_be_any_printable_text(key: str) -> None:
    assert ask(Bank(), RememberedRepeats(), key).status == 201


@pytest.mark.parametrize(
    ("body", "account"), [(b'{"cents": 6}', "1"), (b'{"cents":5}', "1"), (b'{"cents": 5}', "2")]
)
def test_a_key_that_came_with_another_request_is_refused(body: bytes, account: str) -> None:
    bank, repeats = Bank(), RememberedRepeats()
    ask(bank, repeats, "k")

    refused = ask(bank, repeats, "k", body=body, account=account)

    assert (refused.status, kind(refused)) == (422, "/problems/key-taken")
    assert bank.keys == ["k"]


def test_the_same_key_of_another_caller_is_another_key() -> None:
    bank, repeats = Bank(), RememberedRepeats()
    callers = (
        Identity(User(keyed.ADA)),
        Identity(User(keyed.BOB)),
        Identity(service=Service("orders")),
    )

    replies = [ask(bank, repeats, "k", identity=caller) for caller in callers]

    assert [json.loads(reply.body)["number"] for reply in replies] == [1, 2, 3]


def test_a_repeat_while_the_first_is_under_way_is_sent_away_for_a_moment() -> None:
    repeats = RememberedRepeats()
    meanwhile: list[Reply] = []

    def pays(request: keyed.Pay) -> keyed.Receipt:
        meanwhile.append(ask(Bank(), repeats, "k"))
        return keyed.Receipt(number=1, cents=request.cents)

    ask(Bank(pays=pays), repeats, "k")

    assert (meanwhile[0].status, kind(meanwhile[0])) == (409, "/problems/still-in-flight")
    assert dict(meanwhile[0].headers)["Retry-After"] == "1"


def test_a_refusal_is_an_answer_too_and_stays_the_same() -> None:
    repeats = RememberedRepeats()
    bank = Bank(pays=lambda _: keyed.Broke(cents_left=2))

    first = ask(bank, repeats, "k")
    bank.pays = None
    second = ask(bank, repeats, "k")

    assert first.status == 409
    assert (second.status, second.body) == (409, first.body)
    assert (bank.keys, REPLAYED in second.headers) == (["k"], True)


@pytest.mark.parametrize(
    "ending",
    [
        Unavailable("the vault", "it is shut"),
        ValueError("a bug"),
        keyed.LoggedOut(),
        keyed.TooOften(retry_after_s=1),
    ],
    ids=lambda ending: type(ending).__name__,
)
def test_what_is_no_final_answer_is_tried_again_at_once(ending: Exception) -> None:
    def fails(_: keyed.Pay) -> keyed.Receipt:
        raise ending

    bank, repeats = Bank(pays=fails), RememberedRepeats()

    first = ask(bank, repeats, "k")
    bank.pays = None
    other = ask(bank, repeats, "k", body=b'{"cents": 6}')
    second = ask(bank, repeats, "k")

    assert first.status in (401, 429, 500, 503)
    assert other.status == 422
    assert (second.status, REPLAYED in second.headers) == (201, False)


def test_a_request_that_breaks_the_contract_does_not_use_up_its_key() -> None:
    bank, repeats = Bank(), RememberedRepeats()

    wrong = ask(bank, repeats, "k", body=b'{"cents": "five"}')

    assert wrong.status == 422
    assert ask(bank, repeats, "k").status == 201


def test_who_may_not_ask_does_not_learn_that_a_key_was_used() -> None:
    repeats = RememberedRepeats()
    ask(Bank(), repeats, "k")

    assert ask(Bank(), repeats, "k", identity=Identity()).status == 401


def test_an_attempt_that_was_overtaken_does_not_answer() -> None:
    class Slow(RememberedRepeats):
        def claim(self, asked: Asked, lease_s: float) -> Claim | Reply:
            return super().claim(asked, 0)

    repeats = Slow()
    overtaking: list[Reply] = []

    def pays(request: keyed.Pay) -> keyed.Receipt:
        overtaking.append(ask(Bank(), repeats, "k"))
        return keyed.Receipt(number=7, cents=request.cents)

    late = ask(Bank(pays=pays), repeats, "k")

    assert (overtaking[0].status, late.status) == (201, 409)
    assert ask(Bank(), repeats, "k").body == overtaking[0].body


def test_an_answer_is_stored_even_when_the_time_for_the_request_is_over() -> None:
    left: list[float | None] = []

    class Watched(RememberedRepeats):
        def finish(self, claim: Claim, reply: Reply) -> bool:
            context = current()
            assert context is not None
            left.append(context.remaining_s())
            return super().finish(claim, reply)

    def pays(request: keyed.Pay) -> keyed.Receipt:
        time.sleep(0.05)
        return keyed.Receipt(number=1, cents=request.cents)

    served = Dispatcher(
        "bank", (keyed.page,), keyed.routes, Bank(pays=pays), BY_ADA, repeats=Watched()
    )
    envelope = Envelope(idempotency_key="k", deadline_s=0.03)
    reply = served.dispatch("Pay", {"account": "1"}, (), b'{"cents": 5}', envelope)

    assert (reply.status, left) == (201, [None])


def test_an_answer_that_cannot_be_stored_is_not_given() -> None:
    class Forgetful(RememberedRepeats):
        def finish(self, claim: Claim, reply: Reply) -> bool:
            raise DeadlineExceeded("postgres", "gone")

    assert ask(Bank(), Forgetful(), "k").status == 503


def test_a_keyed_operation_without_a_memory_stops_the_boot() -> None:
    with pytest.raises(TypeError, match=r"bank: Pay is KEYED.*repeats=StoredRepeats"):
        ask(Bank(), None, "k")


def test_a_keyed_operation_without_a_body_or_an_answer_works_too() -> None:
    bank = Bank()
    served = Dispatcher(
        "bank", (keyed.page,), keyed.routes, bank, BY_ADA, repeats=RememberedRepeats()
    )

    replies = [
        served.dispatch("Close", {}, (), b"", Envelope(idempotency_key="k")) for _ in range(2)
    ]

    assert [(reply.status, reply.body) for reply in replies] == [(204, b""), (204, b"")]
    assert bank.keys == ["k"]


def test_no_key_is_at_hand_outside_a_keyed_request() -> None:
    with pytest.raises(LookupError):
        idempotency_key()


BY_ADA = Nobody(Identity(User(keyed.ADA)))
