"""gunicorn's worker with threads, whose threads see only requests that have arrived and may begin.

gunicorn gives a thread to every connection that says something, and lets the others queue for one
without a bound: whoever sends a body by the byte holds a thread, and a probe waits behind everybody.
Here the event loop reads, and hands a request over when it is whole and admitted (`admission.py`);
what is not admitted is answered from the loop. gunicorn 27's loop is replaced, its parser, its WSGI
and its pool of threads are used as they are.
"""

from __future__ import annotations

import errno
import random
import selectors
import time
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from libs.web.admission import (
    FEED_PATIENCE_S,
    PATIENCE_S,
    Admission,
    Kind,
    Reason,
    kind_of,
    overloaded,
    problem_bytes,
)
from libs.web.arriving import Stage, seen
from libs.web.connections import ARRIVE_S, Connection, Room
from libs.web.draining import begin_to_drain

# Longer in the socket's buffer, because this process stood still, and its caller has given up.
LATE_S = 1.0
# After a refusal, for the client to read it and to close.
LAST_WORDS_S = 0.5
# At the end, for requests that clients with an idle connection are just sending.
FAREWELL_S = 2.0
# For what is under way then; no operation's deadline is longer.
FINISH_S = 25
ACCEPTS_AT_ONCE = 64
PROBES_WAITING = 64
# Of all requests that are not whole yet together.
MOST_HELD = 32 * 1024 * 1024
_OUT_OF_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class EventLoop(ThreadWorker):
    """Accepts, reads, admits, refuses, and drains. `drain_s` is for how long it serves on after
    SIGTERM, while `/readyz` says that it is about to end."""

    drain_s = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.admission = Admission(self.cfg.threads)
        self._idle = Room(self.cfg.keepalive)
        self._coming = Room(ARRIVE_S)
        self._parting = Room(LAST_WORDS_S)
        self._lines = {
            Kind.PROBE: Room(LATE_S),
            Kind.FEED: Room(FEED_PATIENCE_S),
            Kind.REQUEST: Room(PATIENCE_S),
        }
        self._may_wait = {
            **dict.fromkeys(self._lines, self.admission.limit),
            Kind.PROBE: PROBES_WAITING,
        }
        self._held = 0
        self._shown = 0.0
        self._looked = 0.0
        self._waited = 0.0
        self._stood_still = False
        # gunicorn would not keep the newest; here the one that idles for longest makes room.
        self.keepalived_conns: Any = self._idle
        self.max_keepalived = self.worker_connections + 1

    # -- a connection's way ---------------------------------------------------------------------

    def accept(self, listener: Any, most: int = ACCEPTS_AT_ONCE) -> None:
        """Take the connections that wait; for each beyond the bound one that idles is closed."""
        for _ in range(most):
            try:
                sock, client = listener.accept()
            except OSError as error:
                if error.errno in _OUT_OF_ROOM:
                    self._make_room()
                return
            if self.nr_conns >= self.worker_connections:
                self._make_room()
            self.nr_conns += 1
            connection = Connection(self.cfg, sock, client, listener.getsockname())
            self._readable(connection)

    def _readable(self, connection: Connection, _: Any = None) -> None:
        if not connection.is_open:
            return  # closed by an earlier event of this round
        read = connection.read()
        if read is None:
            if connection.room is None:
                self._wait(connection, self._coming)
        elif not read:
            self._drop(connection)
        elif connection.room is not self._parting:
            connection.arrived += read
            self._held += len(read)
            self._look(connection)

    def _look(self, connection: Connection) -> None:
        """Go on with what has arrived."""
        if len(connection.arrived) >= connection.needs:
            stage, connection.needs, connection.walked = seen(connection.arrived, connection.walked)
            if stage is not Stage.COMING:
                self._arrived(connection, stage)
                return
        if self._held > MOST_HELD:
            self._refuse(connection, Reason.FULL)
        else:
            self._wait(connection, self._coming)

    def _arrived(self, connection: Connection, stage: Stage) -> None:
        kind = kind_of(connection.arrived) if stage is Stage.WHOLE else Kind.OPEN
        if self._stood_still and connection.waited_s() > LATE_S:
            self._refuse(connection, Reason.LATE)
        elif self.admission.admit(kind):
            self._hand_over(connection, kind)
        elif kind is Kind.PROBE and self.admission.admit(Kind.REQUEST):
            self._hand_over(connection, Kind.REQUEST)
        elif kind is not Kind.OPEN and len(self._lines[kind]) < self._may_wait[kind]:
            self._wait(connection, self._lines[kind])
        else:
            self._refuse(connection, Reason.BUSY)

    def _hand_over(self, connection: Connection, kind: Kind) -> None:
        self._leave(connection)
        connection.kind = kind
        connection.rest.unread(bytes(connection.arrived))
        # Of what has arrived nothing is left to wait for, whatever the parser may think.
        connection.rest.deadline = time.monotonic() + ARRIVE_S if kind is Kind.OPEN else 0.0
        self._forget(connection)
        self.enqueue_req(connection)

    def finish_request(self, connection: Any, future: Any) -> None:
        """Take a connection back from its thread."""
        self.admission.ended(connection.kind)
        for kind, first in self._firsts():
            if self.admission.admit(kind):
                self._hand_over(first, kind)
        try:
            kept = future.result()
        except Exception:
            kept = False
        if kept:
            connection.arrived += connection.rest.take_buffered()
            self._held += len(connection.arrived)
            if connection.arrived:
                self._look(connection)  # the next request came along with this one
            else:
                self._wait(connection, self._idle)
        elif kept is None:
            self._part(connection)
        else:
            self._drop(connection)

    def _firsts(self) -> list[tuple[Kind, Connection]]:
        """Who is first in each line, and among these first who came first."""
        firsts = [(kind, line.oldest()) for kind, line in self._lines.items()]
        found = [(kind, first) for kind, first in firsts if first is not None]
        return sorted(found, key=lambda each: each[1].since)

    # -- refusing and closing -------------------------------------------------------------------

    def _refuse(self, connection: Connection, reason: Reason) -> None:
        self.admission.refused(reason)
        arrived = connection.arrived
        whole = connection.needs == len(arrived) and not _wants_close(arrived)
        keep = whole and self.alive and reason is not Reason.FULL
        if not connection.write(overloaded(arrived, close=not keep)):
            self._drop(connection)
            return
        self._forget(connection)
        if keep:
            self._wait(connection, self._idle)
            self._idle.renew(connection)
        else:
            self._part(connection)

    def _too_slow(self, connection: Connection) -> None:
        if connection.arrived:
            self.admission.refused(Reason.SLOW)
            trace_id = f"{random.getrandbits(128):032x}"
            connection.write(problem_bytes(HTTPStatus.REQUEST_TIMEOUT, trace_id))
        self._part(connection)

    def _part(self, connection: Connection) -> None:
        """Close it once the client has heard what was said: to close on bytes that were not read
        would reset the connection, and lose the answer."""
        connection.hang_up()
        self._forget(connection)
        self._wait(connection, self._parting)

    def _make_room(self) -> None:
        for room in (self._parting, self._idle):
            if (oldest := room.oldest()) is not None:
                self._drop(oldest)
                return
        if (slowest := self._coming.oldest()) is not None:
            self.admission.refused(Reason.FULL)
            self._drop(slowest)

    def _forget(self, connection: Connection) -> None:
        self._held -= len(connection.arrived)
        connection.arrived.clear()
        connection.needs = 1
        connection.walked = 0

    def _wait(self, connection: Connection, room: Room) -> None:
        if connection.room is None:
            react = partial(self._readable, connection)
            self.poller.register(connection.sock, selectors.EVENT_READ, react)
        room.enter(connection)

    def _leave(self, connection: Connection) -> None:
        if connection.room is not None:
            self.poller.unregister(connection.sock)
            connection.room.leave(connection)

    def _drop(self, connection: Connection) -> None:
        self._leave(connection)
        self._forget(connection)
        self.nr_conns -= 1
        connection.is_open = False
        connection.close()

    # -- the loop -------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until SIGTERM; then go on for `drain_s`, accept no more, and finish what began."""
        done: Any = self.method_queue
        self.poller.register(done.fileno(), selectors.EVENT_READ, done.run_callbacks)
        self.set_accept_enabled(True)
        while self.alive and self._turn(1.0):
            pass
        begin_to_drain()
        ends = time.monotonic() + (0.0 if self.alive else self.drain_s)
        # From here on gunicorn says `Connection: close` with every answer.
        self.alive = False
        while (left := ends - time.monotonic()) > 0 and self._turn(min(left, 1.0)):
            pass
        self._farewell()
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()

    def _farewell(self) -> None:
        for listener in self.sockets:
            self.accept(listener, self.cfg.backlog)  # whoever is in its queue would be reset
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        now = time.monotonic()
        ends = now + FINISH_S
        self._idle.close_at(now + FAREWELL_S)
        while self.nr_conns > 0 and (left := ends - time.monotonic()) > 0:
            self._turn(min(left, 0.1))
        for room in (self._idle, self._coming, self._parting, *self._lines.values()):
            while (connection := room.oldest()) is not None:
                self._drop(connection)

    def _turn(self, timeout_s: float) -> bool:
        """Do what there is to do, waiting for it at most so long; whether our parent lives."""
        self.notify()
        for _, first in self._firsts():
            timeout_s = min(timeout_s, max(0.0, first.ends - time.monotonic()))
        events = self.poller.select(timeout_s)
        now = time.monotonic()
        # A wait that a stop interrupted may end with nothing, and what came is seen one turn later.
        # After idling this is asked for nothing, which costs a microsecond.
        waited, self._waited, self._looked = self._waited, now - self._looked, now
        self._stood_still = max(waited, self._waited) > LATE_S
        for key, _ in events:
            key.data(key.fileobj)
        for line in self._lines.values():
            for connection in line.expired():
                self._refuse(connection, Reason.BUSY)
        for connection in self._idle.expired():
            self._drop(connection)
        for connection in self._parting.expired():
            self._drop(connection)
        for connection in self._coming.expired():
            self._too_slow(connection)
        if now - self._shown > 1.0:
            self._shown = now
            self.admission.show(self.nr_conns)
        return bool(self.is_parent_alive())


def _wants_close(arrived: bytearray) -> bool:
    head = arrived[: arrived.find(b"\r\n\r\n") + 2].lower()
    return b"\r\nconnection: close\r\n" in head or b" http/1.0\r\n" in head
