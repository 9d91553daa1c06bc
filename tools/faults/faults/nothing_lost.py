"""10 000 events, each with a job, while what carries them is killed again and again."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

from libs.db.ids import new_id
from libs.messaging.transaction import hash_of
from tools.faults.fault import Fault, was_met
from tools.faults.faults.kills import until
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

EVENTS = 10_000
_BATCH = 25  # of one transaction
_PUBLISH_S = 40.0  # so long they take to come, at least
_BETWEEN_S = (1.0, 3.0)
_PATIENCE_S = 900.0
_MAILING = ("notifications.worker", "notifications.worker2")
_WORKERS = (*_MAILING, "users.worker")
_QUEUE = "valkey_queue"
_WIPE = "the queue wiped"
_MOST_EVIDENCE = 20

# Registrations as services/users makes them, without what a password costs: a row and a fact, in one
# transaction.
_ACCOUNT = """
    INSERT INTO account (user_id, email, email_key, name, password_hash, registered_at)
    VALUES (%(user_id)s, %(email)s, %(email)s, %(name)s, 'nobody logs in', now())"""
_FACT = """
    INSERT INTO feed (id, type, key, key_hash, data)
    VALUES (gen_random_uuid(), 'users.user_registered.v1', %(user_id)s, %(hash)s,
            json_build_object('user_id', %(user_id)s::text, 'registered_at',
                              to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))"""
_FACTS = """
    SELECT key, count(*) FROM feed WHERE type = 'users.user_registered.v1' GROUP BY key"""
_JOBS = """
    SELECT data->>'user_id', count(*) FROM job
    WHERE name = 'notifications.send_welcome' AND state = 'done' GROUP BY 1"""


class NothingLost(Fault):
    """Each registration is an event and then a job with a mail. Two workers of notifications, the one
    of users and the queue's Valkey are killed with -9 in turns until all is done; once the queue is
    wiped. Then each has one fact in the feed, one job, and one welcome, by Message-ID.

    The jobs keep no keys, which would hide an event that was handled twice: its second job would be
    dropped, and here it mails a second welcome.
    """

    hurts = frozenset({*_WORKERS, _QUEUE})
    only_by_name = True
    customers = False

    def __init__(self, events: int = EVENTS, *, publish_s: float = _PUBLISH_S) -> None:
        super().__init__()
        self.name = f"nothing-lost-{events}"
        self.what = (
            f"{events} events and jobs, workers and Valkey killed at random, Valkey wiped once"
        )
        self._events = events
        self._publish_s = publish_s
        self._ended = threading.Event()
        self._wiped = threading.Event()
        self._published = threading.Event()
        self._threads: list[threading.Thread] = []
        self._world: World | None = None
        self._kills: Counter[str] = Counter()
        self._emails: dict[str, str] = {}  # by user
        self._mailed_before = 0

    def prepare(self, world: World, chance: random.Random) -> None:
        """A second worker, so that two share lanes and jobs."""
        for unit in _MAILING:
            world.plant(unit, "no-job-keys")
        world.restart(_MAILING[0])
        world.add(_MAILING[1], like=_MAILING[0])

    def inject(self, world: World, chance: random.Random) -> None:
        """Publish and kill, each in a thread."""
        self._world = world
        self._mailed_before = len(world.rows("notifications", _JOBS))
        for work in (self._publish, self._kill):
            thread = threading.Thread(target=work, args=(world, chance), daemon=True)
            self._threads.append(thread)
            thread.start()

    def last(self, seconds: float) -> None:
        """Until every welcome has come, or nothing seems to come any more."""
        assert self._world is not None
        ends = time.monotonic() + _PATIENCE_S
        began = time.monotonic()
        while not self._published.is_set() or self._left(self._world):
            if time.monotonic() > ends or self._has_lost_a_thread():
                break
            time.sleep(1.0)
        self.figures["events and jobs done in s"] = round(time.monotonic() - began, 1)

    def lift(self, world: World) -> None:
        """No more kills; what is dead may run."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        world.wait_until_ready()

    def tidy(self, world: World) -> None:
        """One worker is enough again, and its jobs have keys."""
        world.remove(_MAILING[1])
        for unit in _MAILING:
            world.plant(unit)
        world.restart(_MAILING[0])

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Counted in the feed, in the table of jobs, and at the sink."""
        mails = [mail for mail in world.mails() if mail["to"] in set(self._emails.values())]
        counted = {
            "facts": dict(world.rows("users", _FACTS)),
            "jobs": dict(world.rows("notifications", _JOBS)),
            "welcomes": Counter(mail["to"] for mail in mails),
        }
        evidence = []
        if len(self._emails) != self._events:
            evidence.append(f"{len(self._emails)} of {self._events} events were published")
        if not self._wiped.is_set():
            evidence.append("the queue was not wiped: that proves less than it says")
        lost = doubled = 0
        for user_id, email in self._emails.items():
            for what, times in counted.items():
                found = times.get(email if what == "welcomes" else user_id, 0)
                lost, doubled = lost + (found < 1), doubled + (found > 1)
                if found != 1 and len(evidence) < _MOST_EVIDENCE:
                    evidence.append(f"{email} ({user_id}) has {found} {what}")
        self.figures |= {
            "events": len(self._emails),
            "kills": sum(self._kills.values()),
            "lost": lost,
            "doubled": doubled,
            "delivered again under the same Message-ID": sum(m["deliveries"] - 1 for m in mails),
        }
        return (
            was_met(sum(self._kills.values()), "nobody was killed"),
            Verdict("nothing is lost or doubled", not evidence, len(mails), tuple(evidence)),
        )

    def _publish(self, world: World, chance: random.Random) -> None:
        """A few at a time, and the last ones when the queue has been wiped."""
        pause_s = self._publish_s * _BATCH / self._events
        with world.connect("users") as connection:
            for first in range(0, self._events, _BATCH):
                if first + _BATCH >= self._events:
                    until(self._wiped.is_set, self._ended)
                with connection.transaction():
                    for number in range(first, min(first + _BATCH, self._events)):
                        user_id = new_id("usr")
                        email = f"nothing-lost-{number}-{user_id[-6:]}@faults.example"
                        row = {"user_id": user_id, "email": email, "name": f"Customer {number}"}
                        connection.execute(_ACCOUNT, row)
                        connection.execute(_FACT, {"user_id": user_id, "hash": hash_of(user_id)})
                        self._emails[user_id] = email
                if self._ended.wait(pause_s):
                    return
        self._published.set()

    def _kill(self, world: World, chance: random.Random) -> None:
        """Every victim in turn, in an order of chance, again and again."""
        while not self._ended.is_set():
            victims = [*_WORKERS, _QUEUE]
            if not self._wiped.is_set():
                victims.append(_WIPE)
            chance.shuffle(victims)
            for victim in victims:
                if self._ended.wait(chance.uniform(*_BETWEEN_S)):
                    return
                if victim == _WIPE:
                    world.wipe(_QUEUE)
                    self._wiped.set()
                else:
                    world.keep_dead(victim)
                unit = _QUEUE if victim == _WIPE else victim
                self._kills[victim] += world.process(unit) is None
                world.release(unit)
                # On a busy machine too, something gets done between two kills.
                until(partial(world.is_ready, unit), self._ended)

    def _left(self, world: World) -> bool:
        mailed = len(world.rows("notifications", _JOBS)) - self._mailed_before
        return mailed < self._events

    def _has_lost_a_thread(self) -> bool:
        """One that raised; the harness tells why."""
        publishes, kills = (thread.is_alive() for thread in self._threads)
        return not kills or not (publishes or self._published.is_set())


def faults(services: Sequence[str]) -> list[Fault]:
    """One, which takes some minutes: only by its name."""
    return [NothingLost()]
