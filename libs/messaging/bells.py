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

from libs.telemetry.logs import get_logger

log = get_logger(__name__)

_WAITING = 1000  # jobs kept while Valkey is slow; what is beyond is found by the sweeper
_NAMED = 50  # events a ring names; of more it says only that there are some


@dataclass(frozen=True, slots=True)
class Ring:
    """New events: their first and last position, and (type, hash of the key) of each; None is too
    many to name."""

    first: int
    last: int
    events: tuple[tuple[str, int], ...] | None

    def encode(self) -> str:
        """As it travels."""
        named = self.events if self.events is not None and len(self.events) <= _NAMED else None
        return json.dumps([self.first, self.last, named])

    @classmethod
    def decode(cls, message: bytes) -> Ring:
        """The other way around."""
        first, last, named = json.loads(message)
        events = None if named is None else tuple((str(t), int(h)) for t, h in named)
        return cls(int(first), int(last), events)


def feed_bell(service: str) -> str:
    """Rung when events of the service can be read; the message is a Ring."""
    return f"feed:{service}"


def sequence_bell(service: str) -> str:
    """Rung when the service has published events that have no position yet."""
    return f"sequence:{service}"


class Ringer:
    """Rings after commits, from a thread of its own: nothing that calls it waits for Valkey."""

    def __init__(self, url: str, send_jobs: Callable[[Sequence[UUID]], None]) -> None:
        self._url = url
        self._send_jobs = send_jobs
        self._guard = threading.Lock()
        self._condition = threading.Condition()
        self._channels: set[str] = set()
        self._jobs: list[UUID] = []
        self._pid: int | None = None

    def ring(self, channel: str) -> None:
        """Ring soon."""
        with self._awake() as condition:
            self._channels.add(channel)
            condition.notify()

    def send(self, jobs: Iterable[UUID]) -> None:
        """Hand over jobs soon; more than can wait are left to the sweeper."""
        with self._awake() as condition:
            self._jobs += list(jobs)[: _WAITING - len(self._jobs)]
            condition.notify()

    @contextmanager
    def _awake(self) -> Iterator[threading.Condition]:
        if self._pid != os.getpid():  # threads do not live through a fork
            with self._guard:
                if self._pid != os.getpid():
                    self._condition = threading.Condition()
                    self._channels, self._jobs = set(), []
                    threading.Thread(target=self._run, name="ringer", daemon=True).start()
                    self._pid = os.getpid()
        with self._condition:
            yield self._condition

    def _run(self) -> None:
        # redis is 16 MB that a web process which never publishes does without; one that throttles has
        # it anyway, from before the fork.
        import redis

        from libs.messaging.valkey import connect

        client = connect(self._url)
        while True:
            with self._condition:
                while not (self._channels or self._jobs):
                    self._condition.wait()
                channels, self._channels = self._channels, set()
                jobs, self._jobs = self._jobs, []
            try:
                for channel in channels:
                    client.publish(channel, "")
                if jobs:
                    self._send_jobs(jobs)
            except redis.RedisError as error:
                log.warning("bell_is_silent", why=str(error), jobs=len(jobs))
            except Exception:
                # The thread must outlive whatever it meets; the pollers make good what it missed.
                log.exception("bell_is_broken")
