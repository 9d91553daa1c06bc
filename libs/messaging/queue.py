"""dramatiq over Valkey: carries the ids of jobs to threads that are free.

It wakes by a blocking pop: dramatiq's own consumer polls with a growing pause, and after 4 s of
idleness a message waited 226 ms (median).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

from libs.messaging.valkey import connect
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

_ACTOR = "run"
_IDLE_MS = 500  # how long one blocking pop waits; also what a stop may wait for it
_BELLS = 64  # enough to wake every worker; more would only wake them for nothing


class Broker(RedisBroker):
    """One service's queue of ids. It may lose them all: the rows in PostgreSQL are sent again."""

    def __init__(self, service: str, url: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # dramatiq's brokers are untyped
            client=connect(url),
            middleware=[],  # attempts, time limits and results are the rows' business
            namespace="jobs",
            heartbeat_timeout=30_000,
            maintenance_chance=100_000,
        )
        self._service = service
        self._bell = f"jobs:{service}:bell"
        self._waiting = connect(url, patience_s=_IDLE_MS / 1000 + 1)

    @property
    def consumer_class(self) -> type[_RedisConsumer]:
        return _Consumer

    def declare_queue(self, queue_name: str) -> None:
        """Without dramatiq's second queue for delays and its thread: a delay is a row's due time."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def send(self, jobs: Sequence[UUID]) -> None:
        """Queue the ids and wake a worker. Raises redis.RedisError within about a second."""
        for job_id in jobs:
            message: dramatiq.Message[None] = dramatiq.Message(
                queue_name=self._service,
                actor_name=_ACTOR,
                args=(str(job_id),),
                kwargs={},
                options={},
            )
            self.enqueue(message)
        with self.client.pipeline(transaction=False) as pipe:
            pipe.lpush(self._bell, *([1] * min(len(jobs), _BELLS)))
            pipe.ltrim(self._bell, 0, _BELLS - 1)
            pipe.execute()

    def has_forgotten(self) -> bool:
        """Whether Valkey has lost what it was given, or is new; it says so to one who asks."""
        return bool(self.client.set(f"jobs:{self._service}:kept", 1, nx=True))

    def wait_for_bell(self) -> None:
        """Return when ids may have come, or after half a second."""
        self._waiting.blpop([self._bell], timeout=_IDLE_MS / 1000)


class _Consumer(_RedisConsumer):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]  # dramatiq's brokers are untyped
        self._room = threading.Event()

    def __next__(self) -> dramatiq.MessageProxy | None:
        try:
            if not self.message_cache:
                self._room.clear()
                room = self.prefetch - self.outstanding_message_count
                if room <= 0:
                    self._room.wait(_IDLE_MS / 1000)
                    return None
                self.message_cache = self.broker.do_fetch(self.queue_name, room)
                if not self.message_cache:
                    self.broker.wait_for_bell()
                    return None
            message: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]  # dramatiq's brokers are untyped
            return message
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]  # dramatiq's

    def ack(self, message: dramatiq.MessageProxy) -> None:
        # How the job ended stands in its row; a thread need not wait for Valkey to hear of it.
        try:
            super().ack(message)  # type: ignore[no-untyped-call]  # dramatiq's brokers are untyped
        except (ConnectionClosed, redis.RedisError) as error:
            log.debug("ack_lost", error=str(error))
        finally:
            self._room.set()

    nack = ack


@cache
def broker_for(service: str, url: str) -> Broker:
    """The process's broker of a service; its connections are made anew after a fork."""
    return Broker(service, url)


def worker_of(
    broker: Broker, service: str, run: Callable[[UUID], None], threads: int
) -> dramatiq.Worker:
    """A dramatiq worker, not started yet, that calls `run` with each id; `run` raises nothing."""
    import dramatiq.worker as settings

    # It waits 3 s after an error by default; half a second after Valkey is back work should start.
    settings.CONSUMER_RESTART_DELAY_SECS = 0.5

    def actor(job_id: str) -> None:
        run(UUID(job_id))

    dramatiq.actor(broker=broker, queue_name=service, actor_name=_ACTOR)(actor)
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=_IDLE_MS)
    worker.queue_prefetch = threads + 1  # what is fetched and waits here, no other worker can take
    return worker
