"""What the checker says of a shop that keeps an order in one way and told its customer another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tools.faults.checker import CANCELLED, CONFIRMED, PLACED, REGISTERED, Case, Checker
from tools.faults.evidence import Account, Kept, Money, Order
from tools.faults.history import History, Registration, Wish
from tools.faults.shelf import Shelf

CAPTURED = "payments.payment_captured.v1"
ORDER, ADA, EMAIL = "ord_1", "usr_ada", "ada@faults.example"


def confirmed() -> Kept:
    """One order of two mugs, paid, sold and mailed."""
    return Kept(
        orders={ORDER: Order(ORDER, ADA, "confirmed", "", 2500, {"mug": 2})},
        accounts={ADA: Account(ADA, EMAIL, "Ada")},
        facts={ORDER: Counter({PLACED: 1, CONFIRMED: 1}), ADA: Counter({REGISTERED: 1})},
        holds={ORDER: "committed"},
        payments={ORDER: "captured"},
        money={ORDER: Money((2500,), ())},
        mails={
            (EMAIL, "Welcome, Ada"): ("<1>",),
            (EMAIL, f"Your order is confirmed: {ORDER}"): ("<2>",),
        },
        sold={"mug": (0, 2)},
    )


def wish(**said: object) -> Wish:
    made = Wish(
        order_id=ORDER,
        key="1-1",
        user_id=ADA,
        email=EMAIL,
        card="pm_card_visa",
        lines=(("mug", 2),),
        round=1,
        said="ok",
        placed=True,
        seen=("pending", "confirmed"),
    )
    for name, value in said.items():
        setattr(made, name, value)
    return made


def nothing() -> Kept:
    """An account, and no order."""
    return replace(
        confirmed(),
        orders={},
        facts={ADA: Counter({REGISTERED: 1})},
        holds={},
        payments={},
        money={},
        mails={(EMAIL, "Welcome, Ada"): ("<1>",)},
        sold={"mug": (0, 0)},
    )


def broken(kept: Kept, told: Wish | None = None, **more: object) -> dict[str, tuple[str, ...]]:
    """The evidence of each invariant that does not hold."""
    history = History()
    history.next_round()
    history.wish(told or wish())
    history.register(Registration(EMAIL, "Ada", 1, "ok", ADA))
    case = Case(history, kept, Shelf({"mug": 10}), 5, {}, {}, {})
    verdicts = Checker().judge(replace(case, **more))  # type: ignore[arg-type]  # as named
    return {verdict.claim: verdict.evidence for verdict in verdicts if not verdict.held}


def test_an_order_that_is_whole_breaks_nothing() -> None:
    assert broken(confirmed()) == {}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"said": "failed", "placed": False}, "was refused"),
        ({"others": ("ord_2",)}, "one key, and there is also order ord_2"),
        ({"seen": ("pending", "cancelled")}, "was seen pending, cancelled, and is confirmed"),
        ({"told_cancelled": True}, "was cancelled for its customer"),
        ({"lines": (("mug", 3),)}, "is not what was ordered"),
    ],
)
def test_what_a_customer_was_told_binds_the_shop(told: dict[str, object], said: str) -> None:
    (sentence,) = broken(confirmed(), wish(**told))["I1"]

    assert ORDER in sentence
    assert EMAIL in sentence
    assert said in sentence


def test_an_order_that_was_accepted_is_there() -> None:
    assert "does not exist" in broken(nothing())["I1"][0]


def test_one_of_which_nobody_knows_may_be_absent_but_not_half_there() -> None:
    unknown = wish(said="unknown", placed=False, seen=())
    half = replace(nothing(), holds={ORDER: "held"})

    assert broken(nothing(), unknown) == {}
    assert f"there is no order {ORDER}, but its stock is held" in broken(half, unknown)["I1"]


def test_an_order_ends_once_and_says_so_in_its_feed() -> None:
    twice = Counter({PLACED: 1, CONFIRMED: 1, CANCELLED: 1})

    found = broken(replace(confirmed(), facts={**confirmed().facts, ORDER: twice}))

    assert "OrderConfirmed 1 and OrderCancelled 1 times" in found["I1"][0]


def test_what_is_sold_was_bought_and_what_was_seen_drifting_is_told() -> None:
    assert "3 sold and 0 reserved" in broken(replace(confirmed(), sold={"mug": (0, 3)}))["I2"][0]
    assert broken(confirmed(), watched={"mug": "mug: drifts"})["I2"] == ("mug: drifts",)


@pytest.mark.parametrize(
    "money", [Money((), ()), Money((2500, 2500), ()), Money((2500,), (2500,)), Money((100,), ())]
)
def test_a_confirmed_order_was_captured_once_for_what_it_costs(money: Money) -> None:
    found = broken(replace(confirmed(), money={ORDER: money}))

    assert ORDER in found["I3"][0]


@pytest.mark.parametrize(
    ("claim", "more", "said"),
    [
        ("I1", {"facts": {ORDER: Counter({PLACED: 1})}}, f"1 {PLACED} about it"),
        ("I3", {"facts": {ORDER: Counter({CAPTURED: 1})}}, f"1 {CAPTURED} about it"),
        ("I3", {"payments": {ORDER: "requested"}}, "its payment is requested"),
        ("I3", {"money": {ORDER: Money((5,), (5,))}}, "captured 1 times and refunded 1 times"),
    ],
)
def test_what_is_kept_of_an_order_that_is_not_there_is_noticed(
    claim: str, more: dict[str, dict[str, object]], said: str
) -> None:
    whole = nothing()
    kept = replace(whole, **{name: {**getattr(whole, name), **of} for name, of in more.items()})

    (sentence,) = broken(kept, wish(said="unknown", placed=False, seen=()))[claim]

    assert sentence.startswith(f"there is no order {ORDER}, but ")
    assert said in sentence


def test_a_registration_that_was_told_and_is_not_kept_is_noticed() -> None:
    facts = {**confirmed().facts, "usr_9": Counter({REGISTERED: 1})}

    assert broken(replace(confirmed(), facts=facts)) == {
        "I4": (f"there is no account usr_9, but there are 1 {REGISTERED} about it",)
    }


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("bob@faults.example", f"Your order is confirmed: {ORDER}"),
        ("nobody@faults.example", "Welcome, Nobody"),
        (EMAIL, "Your order is confirmed: ord_9"),
        (EMAIL, "Welcome, Bob"),
    ],
)
def test_a_mail_that_nobody_was_to_get_is_noticed(to: str, subject: str) -> None:
    bob = Account("usr_bob", "bob@faults.example", "Bob")
    kept = replace(
        confirmed(),
        accounts={**confirmed().accounts, "usr_bob": bob},
        facts={**confirmed().facts, "usr_bob": Counter({REGISTERED: 1})},
        mails={
            **confirmed().mails,
            ("bob@faults.example", "Welcome, Bob"): ("<8>",),
            (to, subject): ("<9>",),
        },
    )

    assert broken(kept) == {
        "I4": (f"{to} has 1 mails '{subject}' ['<9>'], which are not for them",)
    }


def test_a_welcome_that_is_missing_or_came_twice_is_told_with_its_message_ids() -> None:
    mails = dict(confirmed().mails)
    twice = {**mails, (EMAIL, "Welcome, Ada"): ("<1>", "<3>")}
    mails.pop((EMAIL, "Welcome, Ada"))

    assert "has 0 welcomes" in broken(replace(confirmed(), mails=mails))["I4"][0]
    assert "['<1>', '<3>']" in broken(replace(confirmed(), mails=twice))["I4"][0]


def test_a_mail_about_another_end_is_noticed() -> None:
    mails = {**confirmed().mails, (EMAIL, f"Your order is cancelled: {ORDER}"): ("<4>",)}

    assert "not 0" in broken(replace(confirmed(), mails=mails))["I4"][0]


def test_what_did_not_come_to_rest_or_was_parked_is_told() -> None:
    found = broken(confirmed(), left={"job 1": "a job is due"}, parked={"2": "an event is parked"})

    assert found["I5"] == ("a job is due", "an event is parked")


def test_what_was_told_once_is_not_told_of_the_next_fault() -> None:
    history = History()
    history.next_round()
    case = Case(history, confirmed(), Shelf({"mug": 10}), 5, {"mug": "it drifts"}, {}, {})
    checker = Checker()

    first, second = checker.judge(case), checker.judge(case)

    assert [verdict.held for verdict in first] == [True, False, True, True, True]
    assert all(verdict.held for verdict in second)


def judged_twice(second: Kept, more: Wish | None = None) -> dict[str, tuple[str, ...]]:
    """What breaks at the second fault, with this shop, after a first that was clean."""
    history, checker = History(), Checker()
    history.next_round()
    history.wish(wish())
    case = Case(history, confirmed(), Shelf({"mug": 10}), 5, {}, {}, {})
    assert all(verdict.held for verdict in checker.judge(case))
    history.next_round()
    if more is not None:
        history.wish(more)
    verdicts = checker.judge(replace(case, kept=second))
    return {verdict.claim: verdict.evidence for verdict in verdicts if not verdict.held}


def test_what_becomes_of_an_earlier_round_s_orders_is_noticed_too() -> None:
    whole = confirmed()
    again = replace(
        whole,
        facts={**whole.facts, ORDER: Counter({PLACED: 1, CONFIRMED: 2})},
        money={ORDER: Money((2500, 2500), ())},
        mails={**whole.mails, (EMAIL, "Welcome, Ada"): ("<1>", "<3>")},
        sold={"mug": (0, 4)},
    )

    found = judged_twice(again)

    assert judged_twice(whole) == {}
    assert "OrderConfirmed 2 and OrderCancelled 0 times" in found["I1"][0]
    assert "4 sold" in found["I2"][0]
    assert "captured 2 times" in found["I3"][0]
    assert "has 2 welcomes" in found["I4"][0]


def test_what_is_wished_before_the_first_fault_binds_the_shop_too() -> None:
    early = wish(order_id="ord_0", round=1)

    assert "was accepted, and does not exist" in judged_twice(confirmed(), early)["I1"][0]


def test_a_mail_that_came_twice_and_then_thrice_is_told_twice() -> None:
    history, checker = History(), Checker()
    case = Case(history, confirmed(), Shelf({}), 5, {}, {}, {})
    told = []
    for came in (("<1>", "<3>"), ("<1>", "<3>"), ("<1>", "<3>", "<4>")):
        history.next_round()
        mails = {**confirmed().mails, (EMAIL, "Welcome, Ada"): came}
        verdicts = checker.judge(replace(case, kept=replace(confirmed(), mails=mails)))
        told.append(next(verdict.held for verdict in verdicts if verdict.claim == "I4"))

    assert told == [False, True, False]


def test_an_answer_that_nobody_could_read_is_a_finding() -> None:
    history = History()
    history.next_round()
    history.cannot_read("ada: order was answered 201 without order_id")
    case = Case(history, confirmed(), Shelf({"mug": 10}), 5, {}, {}, {})

    (first, *_) = Checker().judge(case)

    assert first.evidence == ("ada: order was answered 201 without order_id",)
