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
from tools.faults.fault import Fault
from tools.faults.faults.kills import until
from tools.faults.history import History
from tools.faults.outcome import Verdict
from tools.faults.world import World

EVENTS = 10_000
_BATCH = 25  # of one transaction
_PUBLISH_S = 40.0  # so long they take to come, at least
_BETWEEN_S = (1.0, 3.0)
_PATIENCE_S = 900.0
_WORKERS = ("notifications.worker", "notifications.worker2", "users.worker")
_QUEUE = "valkey_queue"
_WIPE = "the queue wiped"

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


class NothingLost(Fault):
    """Each registration is an event and then a job with a mail. Two workers of notifications, the one
    of users and the queue's Valkey are killed with -9 in turns until all is done; once the queue is
    wiped. Then each has one welcome, by Message-ID, and there is one job for each."""

    name = "nothing-lost-10000"
    what = f"{EVENTS} events and jobs, workers and Valkey killed at random, Valkey wiped once"
    hurts = frozenset({*_WORKERS, _QUEUE})
    only_by_name = True
    customers = False

    def __init__(self, events: int = EVENTS) -> None:
        super().__init__()
        self._events = events
        self._ended = threading.Event()
        self._published = threading.Event()
        self._threads: list[threading.Thread] = []
        self._world: World | None = None
        self._kills: Counter[str] = Counter()
        self._emails: set[str] = set()

    def prepare(self, world: World, chance: random.Random) -> None:
        """A second worker, so that two share lanes and jobs."""
        world.add(_WORKERS[1], like=_WORKERS[0])

    def inject(self, world: World, chance: random.Random) -> None:
        """Publish and kill, each in a thread."""
        self._world = world
        for work in (self._publish, self._kill):
            thread = threading.Thread(target=work, args=(world, chance), daemon=True)
            thread.start()
            self._threads.append(thread)

    def last(self, seconds: float) -> None:
        """Until every welcome has come, or nothing seems to come any more."""
        assert self._world is not None
        ends = time.monotonic() + _PATIENCE_S
        began = time.monotonic()
        while not self._published.is_set() or self._left(self._world):
            if time.monotonic() > ends:
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
        """One worker is enough again."""
        world.remove(_WORKERS[1])

    def judge(self, world: World, history: History) -> Sequence[Verdict]:
        """Counted at the sink, and in the table of jobs."""
        mails = world.mails()
        came = Counter(mail["to"] for mail in mails if mail["to"] in self._emails)
        lost = sorted(self._emails - came.keys())
        doubled = sorted(email for email, times in came.items() if times > 1)
        ((jobs,),) = world.rows(
            "notifications",
            "SELECT count(*) FROM job WHERE name = 'notifications.send_welcome' AND state = 'done'",
        )
        ((accounts,),) = world.rows("users", "SELECT count(*) FROM account")
        again = sum(mail["deliveries"] - 1 for mail in mails if mail["to"] in self._emails)
        self.figures |= {
            "events": len(self._emails),
            "kills": sum(self._kills.values()),
            "lost": len(lost),
            "doubled": len(doubled),
            "delivered again under the same Message-ID": again,
        }
        evidence = [f"{email} has no welcome" for email in lost[:10]]
        evidence += [f"{email} has {came[email]} welcomes" for email in doubled[:10]]
        if jobs != accounts:
            evidence.append(f"{jobs} jobs for {accounts} accounts")
        if not self._kills[_WIPE]:
            evidence.append(
                "all was done before the queue was wiped: that proves less than it says"
            )
        return (Verdict("nothing is lost or doubled", not evidence, len(came), tuple(evidence)),)

    def _publish(self, world: World, chance: random.Random) -> None:
        pause_s = _PUBLISH_S * _BATCH / self._events
        with world.connect("users") as connection:
            for first in range(0, self._events, _BATCH):
                with connection.transaction():
                    for number in range(first, min(first + _BATCH, self._events)):
                        user_id = new_id("usr")
                        email = f"nothing-lost-{number}@faults.example"
                        row = {"user_id": user_id, "email": email, "name": f"Customer {number}"}
                        connection.execute(_ACCOUNT, row)
                        connection.execute(_FACT, {"user_id": user_id, "hash": hash_of(user_id)})
                        self._emails.add(email)
                if self._ended.wait(pause_s):
                    return
        self._published.set()

    def _kill(self, world: World, chance: random.Random) -> None:
        """Every victim in turn, in an order of chance, again and again."""
        while not self._ended.is_set():
            victims = [*_WORKERS, _QUEUE]
            if not self._kills[_WIPE] and sum(self._kills.values()) >= len(victims):
                victims.append(_WIPE)
            chance.shuffle(victims)
            for victim in victims:
                if self._ended.wait(chance.uniform(*_BETWEEN_S)):
                    return
                if victim == _WIPE:
                    world.wipe(_QUEUE)
                else:
                    world.keep_dead(victim)
                self._kills[victim] += 1
                unit = _QUEUE if victim == _WIPE else victim
                world.release(unit)
                # On a busy machine too, something gets done between two kills.
                until(partial(world.is_ready, unit), self._ended)

    def _left(self, world: World) -> bool:
        ((done,),) = world.rows(
            "notifications",
            "SELECT count(*) FROM job WHERE name = 'notifications.send_welcome' AND state = 'done'",
        )
        return bool(done < self._events)


def faults(services: Sequence[str]) -> list[Fault]:
    """One, which takes some minutes: only by its name."""
    return [NothingLost()]
