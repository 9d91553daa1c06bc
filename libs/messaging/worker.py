"""What a service's worker process does: number its feed, follow others', run jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import uuid4

import dramatiq

from contracts.core import Consumer
from libs.messaging import cursors
from libs.messaging.bells import feed_bell, sequence_bell
from libs.messaging.delivery import Delivery
from libs.messaging.follower import Follower, Start
from libs.messaging.jobs import JobHandler
from libs.messaging.lanes import Fetch
from libs.messaging.listener import Listener
from libs.messaging.loops import Loop, stop_all
from libs.messaging.messages import Messages
from libs.messaging.queue import broker_for, worker_of
from libs.messaging.runner import Runner
from libs.messaging.sequencer import Sequencer
from libs.messaging.suspects import Suspects
from libs.messaging.sweeper import SecondChance, Sweeper
from libs.messaging.transaction import Tx
from libs.operations.errors import Unavailable
from libs.telemetry.logs import get_logger

log = get_logger(__name__)

D = TypeVar("D")

_LEASE_S = 1.0


class Worker:
    """The threads of one service's worker: sequencer, consumers, jobs, sweeper.

    `feed_of` gives the reader of a producer's feed by the producer's name (`peers.feed_of`).
    `start` says for a producer whose feed this service has never read where to begin; the
    beginning if it says nothing. Several workers of a service share the work.
    """

    def __init__(
        self,
        messages: Messages,
        deps: D,
        *,
        consumers: Sequence[Consumer[Tx, D]] = (),
        jobs: Sequence[JobHandler[D]] = (),
        feed_of: Callable[[str], Fetch] | None = None,
        start: Mapping[str, Start] | None = None,
        lanes: int = 4,
        job_threads: int = 4,
    ) -> None:
        self._messages = messages
        self._database = messages.database
        self._owner = uuid4()
        self._lanes = lanes
        sequencer = Sequencer(messages.service, self._database, messages.queue_url)
        numbering = Loop("sequencer", sequencer.step)
        self._loops = [numbering]
        rings: dict[str, Callable[[bytes | None], None]] = {
            sequence_bell(messages.service): lambda _: numbering.wake()
        }
        self._suspects = Suspects()
        self._followers = self._follow(consumers, deps, feed_of, start or {}, rings)
        self._claims: Loop | None = None
        self._dramatiq = self._job_workers(jobs, deps, job_threads)
        self._listener = Listener(messages.queue_url, rings)
        self._loops.append(Loop("doorbells", self._listener.step))
        self._database.reserve(len(self._all_loops()) + (job_threads if jobs else 0))

    def start(self) -> None:
        """Start all threads. Raises Unavailable without a database, ValueError when the number of
        lanes cannot be changed now."""
        for follower in self._followers:
            follower.prepare()
        for loop in self._all_loops():
            loop.start()
        if self._dramatiq is not None:
            self._dramatiq.start()

    def stop(self, timeout_s: float) -> None:
        """Finish what is under way, give back the lanes, and return, at the latest then."""
        ends = time.monotonic() + timeout_s
        loops = self._all_loops()
        for loop in loops:
            # A job that is not done yet is ours until it is: its claim would end after 10 s, and
            # somebody else begin it again.
            if loop is not self._claims:
                loop.stop()
        if self._dramatiq is not None:
            # It waits twice, for the jobs and then for what listens, which ends within a second.
            self._dramatiq.stop(timeout=int(timeout_s * 1000 * 0.8))
        late = stop_all(loops, ends - time.monotonic())
        if late:
            log.warning("worker_left_threads", threads=late)
        self._listener.close()
        try:
            for follower in self._followers:
                for lane in follower.lanes:
                    lane.give_back()
            if self._followers:
                with self._database.transaction() as session:
                    cursors.release(session, self._owner)
        except Unavailable as error:
            log.warning("lanes_kept", why=str(error))

    def healthy(self) -> None:
        """Return when every thread is at work; else raise Unavailable naming those that are not."""
        ailments = [loop.ailment for loop in self._all_loops() if loop.ailment]
        if self._dramatiq is not None:
            threads = [*self._dramatiq.workers, *self._dramatiq.consumers.values()]
            dead = sum(not thread.is_alive() for thread in threads)
            if dead or not threads:
                ailments.append(f"{dead} of {len(threads)} threads for jobs do not run")
        if ailments:
            raise Unavailable("the worker", "; ".join(ailments))

    def _follow(
        self,
        consumers: Sequence[Consumer[Tx, D]],
        deps: D,
        feed_of: Callable[[str], Fetch] | None,
        start: Mapping[str, Start],
        rings: dict[str, Callable[[bytes | None], None]],
    ) -> list[Follower]:
        if not consumers:
            return []
        if feed_of is None:
            raise ValueError("consumers need feed_of, which gives the reader of a producer's feed")
        table = {consumer.event.__event__.name: consumer for consumer in consumers}
        if len(table) != len(consumers):
            raise ValueError("two consumers handle one event; one handler can call two functions")
        delivery = Delivery(self._messages, table, deps, self._suspects)
        producers: dict[str, list[str]] = {}
        for consumer in consumers:
            name = consumer.event.__event__.name  # begins with the service that publishes it
            producers.setdefault(name.partition(".")[0], []).append(name)
        followers = [
            Follower(
                producer,
                self._messages,
                feed_of(producer),
                types,
                delivery,
                owner=self._owner,
                lanes=self._lanes,
                start=start.get(producer, "beginning"),
            )
            for producer, types in producers.items()
        ]
        rings.update({feed_bell(f.producer): f.heard for f in followers})
        self._loops += [
            Loop("leases", self._lease),
            Loop("second chances", SecondChance(self._messages, delivery).step),
        ]
        return followers

    def _job_workers(
        self, jobs: Sequence[JobHandler[D]], deps: D, threads: int
    ) -> dramatiq.Worker | None:
        if not jobs:
            return None
        table = {row.job.__job__: row for row in jobs}
        if len(table) != len(jobs):
            raise ValueError("two handlers do one job; each name stands once in the table of jobs")
        runner = Runner(self._database, table, deps, self._suspects)
        broker = broker_for(self._messages.service, self._messages.queue_url)
        sweeper = Sweeper(self._messages.service, self._database, broker)
        self._claims = Loop("claims", runner.keep_claims)
        self._loops += [self._claims, Loop("sweeper", sweeper.step)]
        return worker_of(broker, self._messages.service, runner.run, threads)

    def _lease(self) -> float:
        lanes = {(f.producer, lane.place.lane): lane for f in self._followers for lane in f.lanes}
        producers = [follower.producer for follower in self._followers]
        with self._database.transaction() as session:
            ours = cursors.lease(session, self._owner, producers, self._lanes)
        for name, pos in ours.items():
            lanes[name].offer(pos)
        return _LEASE_S

    def _all_loops(self) -> list[Loop]:
        return [*self._loops, *(loop for f in self._followers for loop in f.loops)]
