"""A release rolls out: old and new code work on the new tables side by side."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from sqlalchemy.exc import SQLAlchemyError

from contracts.orders import v1 as orders
from contracts.shared.ids import OrderId
from libs.db import Database, versions
from libs.messaging import Messages
from libs.operations.errors import Unavailable
from libs.testing.rolling import rolled
from services.orders import services
from services.orders.deps import NAME, Deps
from services.orders.tests.former import former, order_id


def test_the_former_code_is_that_of_the_revision_before_the_last() -> None:
    last = versions.heads(NAME)[NAME]

    assert int(former.revision[-4:]) == int(last[-4:]) - 1


def test_the_former_code_works_through_the_upgrade_and_the_present_code_with_what_it_wrote(
    deps: Deps,
) -> None:
    with rolled(former) as database:
        ours = Database(database.app_url, service=NAME)
        ours.ready()
        present = replace(deps, messages=Messages(NAME, ours, deps.messages.queue_url))

        for n in (1, 4):
            services.reconcile(present, OrderId(order_id(n)))
        ended = [services.find(present, OrderId(order_id(n))) for n in (1, 2, 3, 4)]
        ours.close()

    assert [order.status for order in ended if isinstance(order, orders.Order)] == [
        orders.Status.CANCELLED,
        orders.Status.CANCELLED,
        orders.Status.CONFIRMED,
        orders.Status.CANCELLED,
    ]


@pytest.mark.parametrize(
    ("step_too_far", "why"),
    [
        ("RENAME detail TO explanation", "detail does not exist"),
        ("DROP COLUMN detail", "detail does not exist"),
        ("ALTER total_cents TYPE numeric(20, 2)", "must not change result type"),
        (
            "ADD COLUMN gift boolean NOT NULL DEFAULT false; ALTER gift DROP DEFAULT",
            "violates not-null",
        ),
        ("ADD CHECK (status <> 'confirmed') NOT VALID", "violates check"),
    ],
)
def test_a_step_too_far_is_noticed(step_too_far: str, why: str) -> None:
    def upgrade(owner_url: str) -> None:
        with psycopg.connect(owner_url) as connection:
            for step in step_too_far.split("; "):
                connection.execute(f"ALTER TABLE customer_order {step}".encode())

    with pytest.raises((AssertionError, SQLAlchemyError, Unavailable), match=why):
        with rolled(former, upgrade=upgrade):
            pass
