"""Several questions at once: each answer arrives, or is missing, by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import BoundedSemaphore, Lock
from typing import Any, overload

from typing_extensions import TypeVar

from libs.operations.errors import Unavailable

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

THREADS = 16


@overload
def gather(
    a: Callable[[], A], b: Callable[[], B], /
) -> tuple[A | Unavailable, B | Unavailable]: ...


@overload
def gather(
    a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /
) -> tuple[A | Unavailable, B | Unavailable, C | Unavailable]: ...


def gather(*calls: Callable[[], Any]) -> tuple[Any, ...]:
    """What each call gives, or the Unavailable that it raised; asked side by side, so that it takes
    as long as the slowest. Trace, deadline and token of the work at hand go along into the threads;
    the deadline is what ends a call. Any other exception is raised when all have ended.

    Where no thread is free, a call is made here, in its turn: nobody waits for anybody's thread.
    """
    *others, own = calls
    begun = [_begin(call) for call in others]
    last = _end(own)
    ends = [
        _end(call) if future is None else future.result()
        for call, future in zip(others, begun, strict=True)
    ]
    ends.append(last)
    for end in ends:
        if isinstance(end.error, BaseException) and not isinstance(end.error, Unavailable):
            raise end.error
    return tuple(end.value if end.error is None else end.error for end in ends)


class _End:
    """How a call ended."""

    __slots__ = ("error", "value")

    def __init__(self, value: Any, error: BaseException | None) -> None:
        self.value = value
        self.error = error


def _end(call: Callable[[], Any]) -> _End:
    try:
        return _End(call(), None)
    except Exception as error:  # raised where all are gathered
        return _End(None, error)


class _Pool:
    """Threads of this process; the free ones are counted, for an executor would queue."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.free = BoundedSemaphore(THREADS)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="gather")


_lock = Lock()
_made: _Pool | None = None


def _begin(call: Callable[[], Any]) -> Future[_End] | None:
    pool = _of_this_process()
    if not pool.free.acquire(blocking=False):
        return None
    future = pool.executor.submit(copy_context().run, _end, call)
    future.add_done_callback(lambda _: pool.free.release())
    return future


def _of_this_process() -> _Pool:
    global _made
    if _made is None or _made.pid != os.getpid():
        with _lock:
            if _made is None or _made.pid != os.getpid():
                _made = _Pool()
    return _made
