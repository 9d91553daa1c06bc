"""What a run shows while it goes: plain lines in a log, a moving table on a terminal."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from rich.console import Console

from tools.faults.history import History, Told
from tools.faults.live import Board
from tools.faults.outcome import Outcome, Verdict
from tools.faults.tests.runs import LONG, run

GREEN = "\x1b[32m"


def shown(*outcomes: Outcome, terminal: bool) -> str:
    written = io.StringIO()
    console = Console(
        file=written, force_terminal=terminal, width=120 if terminal else 80, no_color=not terminal
    )
    history = History()
    history.next_round()
    history.note(Told(0.0, 0.02, "fault", 1, "browse", frozenset(), "ok", 200))
    with Board(console, faults=4) as board:
        board.watch(history)
        board.phase("kill-orders-web", "fault")
        time.sleep(0.8)
        for outcome in outcomes or run().outcomes:
            board.outcome(outcome)
    return written.getvalue()


def test_a_log_gets_a_line_for_each_fault_that_fits_and_no_escape_codes() -> None:
    lines = shown(terminal=False).splitlines()

    heads = [line for line in lines if not line.startswith("    ")]
    assert [line.split()[0] for line in heads] == ["held", "held", "broken", "not"]
    assert all(len(line) <= 80 for line in heads)
    assert "\x1b" not in "".join(lines)
    assert f"    I3: {LONG}: captured 2 times <and> confirmed" in lines
    assert "    only root may mount" in lines


@pytest.mark.parametrize("terminal", [False, True], ids=["log", "terminal"])
def test_what_was_not_judged_says_so_and_why_and_is_not_green(terminal: bool) -> None:
    unjudged = Verdict("I6", True, 0, note="other programs used 1.9 cores")

    text = shown(replace(run().outcomes[0], verdicts=(unjudged,)), terminal=terminal)

    assert "    I6: not judged: other programs used 1.9 cores" in text
    assert f"{GREEN}I6" not in text


def test_a_terminal_sees_the_phase_and_what_was_answered_while_it_goes() -> None:
    text = shown(terminal=True)

    assert "kill-orders-web" in text
    assert f"{GREEN}I1" in text
    assert "20 ms" in text
    assert "2 of 4" in text
