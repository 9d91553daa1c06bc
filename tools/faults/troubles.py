"""What goes wrong in the harness itself while a fault is tried: it is the outcome of that fault alone."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.dev.errors import Refusal


class Troubles:
    """Within its block it hears of every exception in the threads that are started there: a nemesis
    that died did nothing, and a shop that held against nothing has proved nothing.

    Threads that were there before are the supervisor's, who is told as always. To tell it of ours too
    would end the shop, and with it the faults that are still to come. `log` gets the tracebacks.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._theirs = frozenset(threading.enumerate())
        self._before = threading.excepthook
        self.first = ""
        """The first of them, as a sentence; empty when there was none."""

    def __enter__(self) -> Self:
        threading.excepthook = self._hear
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        threading.excepthook = self._before

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is raised in the block ends it, and is noted. Ctrl-C is no trouble, and goes on."""
        try:
            yield
        except Exception as error:
            self._note(error)

    def _hear(self, died: threading.ExceptHookArgs) -> None:
        if died.thread in self._theirs:
            self._before(died)
        elif died.exc_value is not None:
            self._note(died.exc_value)

    def _note(self, error: BaseException) -> None:
        with self._lock:
            self.first = self.first or _said(error)
            # Where there is no room for it (a fault of ours fills disks), the sentence has to do.
            with suppress(OSError), self._log.open("a", encoding="utf-8") as log:
                traceback.print_exception(error, file=log)


def _said(error: BaseException) -> str:
    if isinstance(error, Refusal):
        return str(error)  # a sentence about the shop
    return f"the harness: {type(error).__name__}: {str(error).strip()}"


@contextmanager
def and_then(do: Callable[[], object]) -> Iterator[None]:
    """Does it after the block, whatever happened there. Where both raise, the block is believed: what
    it met came first, and Ctrl-C is not to be lost."""
    try:
        yield
    except BaseException as first:
        try:
            do()
        except Exception as second:
            first.add_note(f"and then {type(second).__name__}: {second}")
        raise
    do()
