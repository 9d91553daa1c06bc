"""Doorbells: rings through Valkey after a commit, so that nobody waits for the next poll.

A ring may be lost and nothing but a second is: whoever listens also looks by himself once a second.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from libs.telemetry.logs import get_logger

log = get_logger(__name__)

PATIENCE_S = 0.5  # for Valkey; longer and the news is old
_WAITING = 1000  # rings kept while Valkey is slow; what is beyond is found by polling
_starting = threading.Lock()
_NAMED = 50  # events a ring names; of more it says only that there are some


@dataclass(frozen=True, slots=True)
class Ring:
    """New events: up to which position, and (type, hash of the key) of each; None is too many."""

    head: int
    events: tuple[tuple[str, int], ...] | None

    def encode(self) -> str:
        named = self.events if self.events is not None and len(self.events) <= _NAMED else None
        return json.dumps([self.head, named])

    @classmethod
    def decode(cls, message: bytes) -> Ring:
        head, named = json.loads(message)
        return cls(int(head), named and tuple((str(t), int(h)) for t, h in named))


def feed_bell(service: str) -> str:
    """Rung when events of the service can be read."""
    return f"feed:{service}"


def sequence_bell(service: str) -> str:
    """Rung when the service has published events that have no position yet."""
    return f"sequence:{service}"


def connect(url: str, *, patience_s: float = PATIENCE_S) -> redis.Redis:
    """A client that gives up soon and tries nothing twice."""
    return redis.Redis.from_url(
        url,
        socket_timeout=patience_s,
        socket_connect_timeout=min(patience_s, PATIENCE_S),
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
        client_name="bell",
    )


class Ringer:
    """Rings after commits, from a thread of its own: nothing that calls it waits for Valkey."""

    def __init__(self, url: str, send_jobs: Callable[[Sequence[UUID]], None]) -> None:
        self._url = url
        self._send_jobs = send_jobs
        self._condition = threading.Condition()
        self._rings: dict[str, str] = {}
        self._jobs: list[UUID] = []
        self._pid: int | None = None

    def ring(self, channel: str, message: str = "") -> None:
        """Ring soon; of several rings of one channel that wait the last is enough."""
        with self._awake() as condition:
            self._rings[channel] = message
            condition.notify()

    def send(self, jobs: Iterable[UUID]) -> None:
        """Hand over jobs soon; more than can wait are left to the sweeper."""
        with self._awake() as condition:
            self._jobs += list(jobs)[: _WAITING - len(self._jobs)]
            condition.notify()

    @contextmanager
    def _awake(self) -> Iterator[threading.Condition]:
        with _starting:
            if self._pid != os.getpid():  # threads do not live through a fork
                self._condition = threading.Condition()
                self._rings, self._jobs = {}, []
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="ringer", daemon=True).start()
        with self._condition:
            yield self._condition

    def _run(self) -> None:
        client = connect(self._url)
        while True:
            with self._condition:
                while not (self._rings or self._jobs):
                    self._condition.wait()
                rings, self._rings = self._rings, {}
                jobs, self._jobs = self._jobs, []
            try:
                for channel, message in rings.items():
                    client.publish(channel, message)
                if jobs:
                    self._send_jobs(jobs)
            except redis.RedisError as error:
                log.warning("doorbell_silent", error=str(error), rings=len(rings), jobs=len(jobs))
            except Exception:
                # The thread must outlive whatever it meets; the pollers make good what it missed.
                log.exception("doorbell_broken")
