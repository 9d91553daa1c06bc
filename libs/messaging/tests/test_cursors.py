"""What a change of the number of lanes may do, and what it may not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from libs.db import Database
from libs.messaging import Messages, cursors
from libs.messaging.cursors import Moved, Place
from libs.messaging.tests.shop import column, execute
from libs.messaging.transaction import hash_of
from libs.operations.errors import Unavailable


def prepare(database: Database, lanes: int) -> None:
    with database.transaction() as session:
        cursors.prepare(session, "shop", lanes, 0)


def come_to(database: Database, *positions: int) -> None:
    for lane, pos in enumerate(positions):
        execute(database, "UPDATE cursor SET pos = :p WHERE lane = :l", p=pos, l=lane)


def positions(database: Database) -> list[int]:
    return column(database, "SELECT pos FROM cursor ORDER BY lane")


def test_twice_as_many_lanes_begin_where_those_they_come_from_have_come(
    messages: Messages,
) -> None:
    prepare(messages.database, 2)
    come_to(messages.database, 70, 50)

    prepare(messages.database, 4)

    assert positions(messages.database) == [70, 50, 70, 50]
    for key in ("mug", "cup", "jar", "pot"):
        assert (hash_of(key) % 4) % 2 == hash_of(key) % 2


def test_lanes_that_have_come_equally_far_may_become_any_number(messages: Messages) -> None:
    prepare(messages.database, 4)
    come_to(messages.database, 9, 9, 9, 9)

    prepare(messages.database, 3)

    assert positions(messages.database) == [9, 9, 9]


def test_lanes_that_have_come_unequally_far_are_not_merged(messages: Messages) -> None:
    prepare(messages.database, 4)
    come_to(messages.database, 9, 9, 8, 9)

    with pytest.raises(ValueError, match="read in 4 lanes that have come unequally far"):
        prepare(messages.database, 2)

    assert positions(messages.database) == [9, 9, 8, 9]


def test_lanes_are_not_changed_under_a_worker_that_reads_them(messages: Messages) -> None:
    prepare(messages.database, 2)
    with messages.database.transaction() as session:
        cursors.lease(session, uuid4(), ["shop"], 2)

    with pytest.raises(Unavailable, match="a worker still reads shop in 2 lanes"):
        prepare(messages.database, 4)


def test_a_lane_belongs_to_one_worker_until_its_lease_ends(messages: Messages) -> None:
    prepare(messages.database, 1)
    first, second = (Place("shop", 0, 1, uuid4()) for _ in range(2))
    with messages.database.transaction() as session:
        assert cursors.take(session, first) == 0

    with messages.database.transaction() as session:
        assert cursors.take(session, second) is None
    with pytest.raises(Moved), messages.database.transaction() as session:
        cursors.attempt(session, second, 0, 1, counts=True)
    execute(messages.database, "UPDATE cursor SET leased_until = now()")
    with messages.database.transaction() as session:
        assert cursors.take(session, second) == 0
    with pytest.raises(Moved), messages.database.transaction() as session:
        cursors.attempt(session, first, 0, 1, counts=True)


def test_a_cursor_that_moved_is_not_moved_again(messages: Messages) -> None:
    prepare(messages.database, 1)
    place = Place("shop", 0, 1, uuid4())
    with messages.database.transaction() as session:
        cursors.move(session, place, 0, 5)

    with pytest.raises(Moved), messages.database.transaction() as session:
        cursors.move(session, place, 0, 6)

    assert positions(messages.database) == [5]


def test_an_attempt_that_is_taken_back_does_not_count(messages: Messages) -> None:
    prepare(messages.database, 1)
    place = Place("shop", 0, 1, uuid4())
    with messages.database.transaction() as session:
        cursors.take(session, place)

    counted = []
    for _ in range(4):
        with messages.database.transaction() as session:
            counted.append(cursors.attempt(session, place, 0, 1, counts=True))
        with messages.database.transaction() as session:
            cursors.take_back(session, place, 1)

    assert counted == [1, 1, 1, 1]
