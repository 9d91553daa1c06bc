"""The order of a deployment."""

from __future__ import annotations

from tools.contracts.deploy.plan import plan
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.verdict import Verdict

KNOWING = {
    "users/v1": {"notifications", "orders"},
    "orders/v1": {"notifications", "payments", "users"},
    "core/feed": {"orders", "users"},
}


def found(contract: str, verdict: Verdict, subject: str = "Thing", waived: str = "") -> Finding:
    return Finding(
        rule="F01",
        contract=contract,
        subject=subject,
        verdict=verdict,
        sentence="it changed",
        mend="",
        waived=waived,
    )


def test_a_producer_comes_before_all_who_know_its_page() -> None:
    made = plan([found("users/v1", Verdict.PRODUCER)], KNOWING)

    assert made.waves == (("users",), ("notifications", "orders"))
    assert made.sentence == "deploy users first, then notifications and orders"


def test_consumers_come_first_where_they_must_understand() -> None:
    made = plan([found("orders/v1", Verdict.CONSUMER)], KNOWING)

    assert made.sentence == "deploy notifications, payments and users first, then orders"


def test_two_changes_make_one_order() -> None:
    made = plan([found("users/v1", Verdict.CONSUMER), found("orders/v1", Verdict.CONSUMER)], {
        "users/v1": {"orders"}, "orders/v1": {"payments"},
    })  # fmt: skip

    assert made.waves == (("payments",), ("orders",), ("users",))
    assert not made.circles


def test_services_that_each_would_have_to_come_first_have_no_order() -> None:
    made = plan(
        [found("orders/v1", Verdict.PRODUCER), found("users/v1", Verdict.PRODUCER)], KNOWING
    )

    assert made.circles == (("orders", "users"),)
    assert "orders and users would each have to come first: no order is left" in made.sentence
    assert made.waves == (("notifications", "payments"),)


def test_what_is_safe_waived_or_broken_asks_for_no_order() -> None:
    made = plan(
        [
            found("users/v1", Verdict.SAFE),
            found("users/v1", Verdict.BREAKING),
            found("users/v1", Verdict.PRODUCER, waived="ada, until 2027-01-31"),
        ],
        KNOWING,
    )

    assert made.waves == ()
    assert made.sentence == ""


def test_a_finding_binds_only_those_whom_it_touches() -> None:
    made = plan(
        [found("users/v1", Verdict.PRODUCER)],
        KNOWING,
        touches=lambda finding, service: service == "orders",
    )

    assert made.waves == (("users",), ("orders",))


def test_a_change_of_the_language_leaves_no_order_for_whoever_speaks_it() -> None:
    made = plan([found("core/feed", Verdict.PRODUCER)], KNOWING)

    assert made.circles == (("orders", "users"),)
