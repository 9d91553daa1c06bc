"""How a run goes, while it goes: a table that moves on a terminal, a line for each fault elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tools.faults.history import History, p95_s
from tools.faults.outcome import INVARIANTS, Outcome
from tools.faults.report import note, trouble

_REFRESH_S = 0.5
_STYLES = {"held": "green", "broken": "bold red", "not run": "dim"}
_MARKS = {"held": "\u2713", "broken": "\u2717", "not run": "-"}
_NAME = 27


class Board:
    """A Watcher. Finished faults scroll by above the one that is going on; without a terminal, or
    with NO_COLOR, they are plain lines and nothing moves."""

    def __init__(self, console: Console, faults: int) -> None:
        self._console = console
        self._faults = faults
        self._moves = console.is_terminal and not console.no_color
        self._lock = threading.Lock()
        self._history: History | None = None
        self._fault = self._phase = ""
        self._left = 0
        self._since = time.monotonic()
        self._done = Counter[str]()
        self._live = Live(
            console=console,
            refresh_per_second=1 / _REFRESH_S,
            transient=True,
            get_renderable=self._now,
        )

    def __enter__(self) -> Self:
        if self._moves:
            self._live.start()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        if self._moves:
            self._live.stop()

    def watch(self, history: History) -> None:
        """Count what customers are told in here."""
        self._history = history

    def phase(self, fault: str, phase: str, left: int = 0) -> None:
        """As of Watcher."""
        with self._lock:
            if (fault, phase) != (self._fault, self._phase):
                self._since = time.monotonic()
            self._fault, self._phase, self._left = fault, phase, left

    def outcome(self, outcome: Outcome) -> None:
        """As of Watcher."""
        self._done[outcome.state] += 1
        if self._moves:
            self._console.print(_row(outcome))
        else:
            self._console.print(_line(outcome), markup=False, highlight=False, soft_wrap=True)
        for line in _why(outcome):
            self._console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)

    def _now(self) -> RenderableType:
        with self._lock:
            fault, phase, left, since = self._fault, self._phase, self._left, self._since
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("fault", "phase", "ok", "failed", "unknown", "p95", "held"):
            table.add_column(name, justify="left" if name in ("fault", "phase") else "right")
        told = self._history.told() if self._history else []
        said = Counter(each.said for each in told)
        p95 = p95_s([each for each in told if each.phase == "fault"] or told) * 1000
        waits = f", {left} left" if left else ""
        done = sum(self._done.values())
        broken = f", [red]{self._done['broken']} broken[/]" if self._done["broken"] else ""
        table.add_row(
            f"[bold]{escape(fault or 'the shop')}[/]",
            f"{phase} {time.monotonic() - since:.0f} s{waits}",
            f"{said['ok']}",
            f"{said['failed']}",
            f"{said['unknown']}",
            f"{p95:.0f} ms",
            f"{self._done['held']} of {done}{broken}; {self._faults - done} to come",
        )
        return table


def _line(outcome: Outcome) -> str:
    """Within 80 columns, for a log."""
    if outcome.state == "not run":
        return f"{outcome.state:<7} {outcome.fault}"
    ok, failed, unknown = _counts(outcome)
    return (
        f"{outcome.state:<7} {outcome.fault:<{_NAME}} {ok:>5} ok {failed:>3} failed "
        f"{unknown:>3} unknown {_p95(outcome):>5.0f} ms"
    )


def _row(outcome: Outcome) -> str:
    """The same with colours, and each invariant as it was judged."""
    style = _STYLES[outcome.state]
    head = f"[{style}]{_MARKS[outcome.state]} {escape(outcome.fault):<{_NAME}}[/]"
    if outcome.state == "not run":
        return f"{head} [dim]not run[/]"
    ok, failed, unknown = _counts(outcome)
    judged = " ".join(
        f"[{_STYLES.get(verdict.judgement, 'dim')}]{escape(verdict.claim)}[/]"
        for verdict in outcome.verdicts
        if verdict.claim in INVARIANTS or not verdict.held
    )
    return (
        f"{head} {ok:>5} ok {failed:>4} failed {unknown:>4} unknown  "
        f"p95 {_p95(outcome):>5.0f} ms  drained {outcome.drained_s:>4.1f} s  {judged}"
    )


def _why(outcome: Outcome) -> Iterator[str]:
    """What went wrong, what broke, and what was not judged, each with the reason."""
    if said := trouble(outcome):
        yield said
    for verdict in outcome.verdicts:
        yield from (f"{verdict.claim}: {sentence}" for sentence in verdict.evidence)
        if verdict.judgement == "not judged":
            yield note(verdict)


def _counts(outcome: Outcome) -> tuple[int, int, int]:
    seconds = outcome.curve
    return (
        sum(second.ok for second in seconds),
        sum(second.failed for second in seconds),
        sum(second.unknown for second in seconds),
    )


def _p95(outcome: Outcome) -> float:
    """Of the worst second, while the fault was on."""
    during = [s.p95_ms for s in outcome.curve if 0 <= s.at_s < outcome.fault_s]
    return max(during, default=0.0)
