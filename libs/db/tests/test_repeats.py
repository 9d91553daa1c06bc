"""Keyed requests on a real PostgreSQL: one of many is done, whoever dies in between."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from contracts.core import Service, User
from contracts.core.chassis import StillInFlight
from libs.db import Database, StoredRepeats, migrate
from libs.operations.envelope import Identity, Reply
from libs.operations.errors import Unavailable
from libs.operations.repeats import Asked, Claim
from libs.servers import Credentials
from libs.testing import keyed
from libs.testing.keyed import Bank, ask

REPLAYED = ("Idempotency-Replayed", "true")
ASKED = Asked("bank.Pay", "user:ada", "k", b"12345678")
ANSWER = Reply(201, b'{"number":1}', (("Content-Type", "application/json"),))


@pytest.fixture
def repeats(credentials: Credentials) -> Iterator[StoredRepeats]:
    migrate("shop", credentials.owner_url)
    # Patient, for a test that makes others wait on a busy machine.
    database = Database(
        credentials.app_url,
        service="shop",
        pool_size=10,
        lock_timeout_s=15,
        statement_timeout_s=15,
    )
    yield StoredRepeats(database)
    database.close()


def as_owner(credentials: Credentials, statement: str) -> int:
    with psycopg.connect(credentials.owner_url) as connection:
        return connection.execute(statement.encode()).rowcount


@pytest.mark.parametrize("_", range(5))
def test_of_eight_that_come_at_once_one_is_done(repeats: StoredRepeats, _: int) -> None:
    bank, together = Bank(), threading.Barrier(8)

    def one(_: int) -> Reply:
        together.wait()
        return ask(bank, repeats, "k")

    with ThreadPoolExecutor(8) as eight:
        replies = list(eight.map(one, range(8)))

    done = [reply for reply in replies if reply.status == 201]
    assert bank.keys == ["k"]
    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.body for reply in done}) == 1
    assert sum(REPLAYED not in reply.headers for reply in done) == 1


def test_a_replay_has_the_bytes_of_the_first_answer(repeats: StoredRepeats) -> None:
    first = ask(Bank(), repeats, "k")
    refused = ask(Bank(pays=lambda _: keyed.Broke(cents_left=2)), repeats, "broke")

    replays = ask(Bank(), repeats, "k"), ask(Bank(), repeats, "broke")

    assert replays[0] == Reply(201, first.body, (*first.headers, REPLAYED))
    assert replays[1] == Reply(409, refused.body, (*refused.headers, REPLAYED))


def test_a_key_belongs_to_its_caller_and_its_request(repeats: StoredRepeats) -> None:
    bank = Bank()
    ask(bank, repeats, "k")

    other_body = ask(bank, repeats, "k", body=b'{"cents": 6}')
    others = [
        ask(bank, repeats, "k", identity=identity)
        for identity in (Identity(User(keyed.BOB)), Identity(service=Service("orders")))
    ]

    assert other_body.status == 422
    assert [json.loads(reply.body)["number"] for reply in others] == [2, 3]


def test_when_the_first_has_died_one_of_its_repeats_takes_over(
    repeats: StoredRepeats, credentials: Credentials
) -> None:
    dead = ask_and_die(repeats)
    assert ask(Bank(), repeats, "k").status == 409
    as_owner(credentials, "UPDATE keyed_request SET leased_until = now()")
    bank, together = Bank(), threading.Barrier(8)

    def one(_: int) -> Reply:
        together.wait()
        return ask(bank, repeats, "k")

    with ThreadPoolExecutor(8) as eight:
        replies = list(eight.map(one, range(8)))

    assert bank.keys == ["k"]
    assert {reply.status for reply in replies} <= {201, 409}
    assert not repeats.finish(dead, ANSWER)
    assert ask(bank, repeats, "k").body == next(r.body for r in replies if r.status == 201)


def test_of_those_who_find_a_dead_claim_at_once_one_takes_it(
    repeats: StoredRepeats, credentials: Credentials
) -> None:
    repeats.claim(ASKED, 0)

    def one(_: int) -> Claim | Reply | None:
        try:
            return repeats.claim(ASKED, 30)
        except StillInFlight:
            return None

    with ThreadPoolExecutor(4) as four, psycopg.connect(credentials.owner_url) as holder:
        holder.execute("SELECT FROM keyed_request FOR UPDATE")
        claims = four.map(one, range(4))
        wait_until_blocked(credentials, 4)
        holder.rollback()

    assert sum(claim is not None for claim in claims) == 1


def wait_until_blocked(credentials: Credentials, sessions: int) -> None:
    """Return when so many have read the row and wait to change it."""
    for _ in range(1000):
        blocked = "SELECT FROM pg_locks WHERE NOT granted"
        if as_owner(credentials, blocked) >= sessions:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the row")


def ask_and_die(repeats: StoredRepeats) -> Claim:
    """A first attempt of which nothing is left but its claim."""
    held: list[Claim] = []

    class Dying(StoredRepeats):
        def claim(self, asked: Asked, lease_s: float) -> Claim | Reply:
            got = repeats.claim(asked, lease_s)
            assert isinstance(got, Claim)
            held.append(got)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(Bank(), Dying(repeats._database), "k")
    return held[0]


def test_an_attempt_that_was_overtaken_neither_finishes_nor_releases(
    repeats: StoredRepeats,
) -> None:
    slow = repeats.claim(ASKED, 0)
    assert isinstance(slow, Claim)
    quick = repeats.claim(ASKED, 30)
    assert isinstance(quick, Claim)

    repeats.release(slow)

    assert not repeats.finish(slow, Reply(500, b"", ()))
    assert repeats.finish(quick, ANSWER)
    assert repeats.claim(ASKED, 30) == ANSWER
    assert not repeats.finish(quick, Reply(500, b"", ()))


def test_what_failed_is_begun_anew_at_once(repeats: StoredRepeats) -> None:
    def fails(_: keyed.Pay) -> keyed.Receipt:
        raise Unavailable("the vault", "it is shut")

    bank = Bank(pays=fails)
    assert ask(bank, repeats, "k").status == 503
    bank.pays = None

    again = ask(bank, repeats, "k")

    assert (again.status, REPLAYED in again.headers) == (201, False)


def test_bytes_of_any_kind_come_back_as_they_were(repeats: StoredRepeats) -> None:
    claim = repeats.claim(ASKED, 30)
    assert isinstance(claim, Claim)
    answer = Reply(202, bytes(range(256)), (("Location", "/ö"), ("Location", "/b")))

    repeats.finish(claim, answer)

    assert repeats.claim(ASKED, 30) == answer


def test_answers_are_kept_for_a_day_and_then_deleted(
    repeats: StoredRepeats, credentials: Credentials
) -> None:
    for key in ("old", "young"):
        ask(Bank(), repeats, key)
    as_owner(
        credentials,
        """UPDATE keyed_request SET created_at = now() - CASE key
               WHEN 'old' THEN interval '24 hours 1 s' ELSE interval '23 hours 59 min' END""",
    )
    later = StoredRepeats(repeats._database)

    ask(Bank(), later, "new")

    assert as_owner(credentials, "SELECT FROM keyed_request WHERE key = 'old'") == 0
    assert as_owner(credentials, "SELECT FROM keyed_request WHERE key = 'young'") == 1


def test_deleting_goes_on_while_there_is_more_and_then_rests(
    repeats: StoredRepeats, credentials: Credentials
) -> None:
    old = """INSERT INTO keyed_request (operation, caller, key, fingerprint, leased_until, created_at)
             SELECT 'o', 'c', n::text, '', now(), now() - interval '2 days'
             FROM generate_series(1, 700) n"""
    as_owner(credentials, old)
    left = []

    for key in ("a", "b"):
        ask(Bank(), repeats, key)
        left.append(as_owner(credentials, "SELECT FROM keyed_request WHERE operation = 'o'"))
    as_owner(credentials, old)
    ask(Bank(), repeats, "c")

    assert left == [200, 0]
    assert as_owner(credentials, "SELECT FROM keyed_request WHERE operation = 'o'") == 700


def test_without_a_database_a_keyed_request_is_503_and_not_done() -> None:
    bank = Bank()
    nowhere = Database("postgresql://app:secret@127.0.0.1:9/shop", service="shop")

    reply = ask(bank, StoredRepeats(nowhere), "k")

    assert (reply.status, bank.keys) == (503, [])
    assert dict(reply.headers)["Retry-After"] == "1"
