"""Rules about what no page can say yet: the forms are made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tools.contracts.form.model import (
    Answer,
    Event,
    Field,
    Header,
    Model,
    Nullable,
    Operation,
    Page,
    Ref,
    Scalar,
)
from tools.contracts.rules.compare import compare
from tools.contracts.rules.findings import worst_first

STR = Scalar(kind="str")
THING = Model(name="Thing", fields=(Field(name="a", reads=("a",), writes="a", type=STR),))
FIND = Operation(
    name="Find",
    method="GET",
    path="/things",
    model="Find",
    answers=(Answer(status=200, type=Ref(model="Thing"), headers=(Header(name="ETag"),)),),
    rate_per_minute=60,
)
HAPPENED = Event(
    name="Happened", type="shop.happened.v1", key="a", model="Thing", retention_days=14
)
PAGE = Page(
    service="shop",
    version="v1",
    operations=(FIND,),
    events=(HAPPENED,),
    models=(Model(name="Find", fields=()), THING),
)


def with_answer(**change: Any) -> Page:
    return replace(PAGE, operations=(replace(FIND, answers=(replace(FIND.answers[0], **change),)),))


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (PAGE, {}),
        (with_answer(media="application/cbor"), {("O10", "B"), ("O10", "S")}),
        (with_answer(headers=()), {("O09", "B")}),
        (with_answer(headers=(Header(name="ETag", required=False),)), {("O09", "C")}),
        (with_answer(headers=(Header(name="etag"), Header(name="Age"))), {}),
        (replace(PAGE, operations=(replace(FIND, rate_per_minute=30),)), {("O13", "W")}),
        (replace(PAGE, operations=(replace(FIND, rate_per_minute=None),)), {("O13", "S")}),
        (replace(PAGE, events=(replace(HAPPENED, retention_days=3),)), {("E06", "W")}),
        (replace(PAGE, events=(replace(HAPPENED, retention_days=30),)), {}),
    ],
)
def test_what_surrounds_a_message_is_judged(after: Page, found: set[tuple[str, str]]) -> None:
    assert {(one.rule, str(one.verdict)) for one in compare(PAGE, after)} == set(found)


def test_an_optional_header_that_goes_may_be_missed() -> None:
    before = with_answer(headers=(Header(name="ETag", required=False),))

    assert [
        (one.rule, one.case, one.verdict) for one in compare(before, with_answer(headers=()))
    ] == [("O09", "optional", "W")]


def test_a_field_of_the_envelope_is_judged_like_one_of_every_event() -> None:
    envelope = replace(THING, name="CloudEvent")
    nullable = replace(envelope, fields=(replace(THING.fields[0], type=Nullable(inner=STR)),))
    before = Page(service="core", version="feed", models=(envelope,))

    (finding,) = compare(before, replace(before, models=(nullable,)))

    assert (finding.rule, finding.like) == ("E03", "F07")
    assert dict(finding.verdicts) == {"EVT": "C"}


def test_a_page_that_is_new_or_gone_is_judged_by_all_that_it_promised() -> None:
    assert {one.rule for one in compare(None, PAGE)} == {"O01", "E01"}
    assert {(one.rule, str(one.verdict)) for one in compare(PAGE, None)} == {
        ("O02", "B"),
        ("E01", "B"),
    }
    assert compare(None, None) == ()


def test_a_model_that_refers_to_itself_through_others_is_compared_once() -> None:
    one = Model(
        name="One", fields=(Field(name="b", reads=("b",), writes="b", type=Ref(model="Two")),)
    )
    two = Model(
        name="Two", fields=(Field(name="a", reads=("a",), writes="a", type=Ref(model="One")),)
    )
    event = replace(HAPPENED, model="One", key="")
    before = Page(service="shop", version="v1", events=(event,), models=(one, two))
    changed = replace(two, fields=(replace(two.fields[0], type=Nullable(inner=Ref(model="One"))),))

    (finding,) = compare(before, replace(before, models=(one, changed)))

    assert (finding.rule, finding.place, dict(finding.verdicts)) == ("F07", "Two.a", {"EVT": "C"})


def test_the_cost_is_that_of_the_models_however_often_they_are_named() -> None:
    # Each of 60 models names the next one twice: 2 ** 60 ways lead to the last.
    models = tuple(
        Model(
            name=f"M{n}",
            fields=tuple(
                Field(name=name, reads=(name,), writes=name, type=Ref(model=f"M{n + 1}"))
                for name in ("a", "b")
            ),
        )
        for n in range(60)
    )
    before = Page(
        service="shop",
        version="v1",
        events=(replace(HAPPENED, model="M0", key=""),),
        models=(*models, replace(THING, name="M60")),
    )
    after = replace(before, models=(*models, replace(THING, name="M60", extra="forbid")))

    assert [(one.rule, one.subject) for one in compare(before, after)] == [("F30", "M60")]


def test_one_model_that_two_contracts_share_is_found_in_both() -> None:
    after = replace(PAGE, models=(PAGE.models[0], replace(THING, extra="forbid")))

    orders = compare(PAGE, after)
    users = compare(replace(PAGE, service="users"), replace(after, service="users"))

    assert [one.contract for one in worst_first([*orders, *users])] == ["shop/v1", "users/v1"]
