"""What a run hands to its reader at the end, whatever that end is, and the code that it exits with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools.dev.errors import Refusal
from tools.faults import __main__ as program
from tools.faults import ground
from tools.faults.ending import code, hand_over, make_way
from tools.faults.history import History
from tools.faults.outcome import Run
from tools.faults.tests.runs import run


def of(*states: str) -> Run:
    return replace(run(), outcomes=tuple(o for o in run().outcomes if o.state in states))


@pytest.mark.parametrize(
    ("states", "expected"),
    [(("held",), 0), (("held", "not run"), 0), (("not run",), 3), (("held", "broken"), 4), ((), 3)],
)
def test_the_exit_code_says_held_broken_or_not_judged(
    states: tuple[str, ...], expected: int
) -> None:
    assert code(of(*states)) == expected
    assert of(*states).held == (expected == 0)


def test_a_report_that_could_not_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for page in (tmp_path, tmp_path / "file" / "x.html"):
        with pytest.raises(Refusal, match="name another file with --report") as refused:
            make_way(page)
        assert refused.value.code == 2


def test_a_report_goes_into_a_folder_that_is_made_for_it(tmp_path: Path) -> None:
    page = tmp_path / "no" / "such" / "x.html"
    make_way(page)
    page.parent.rmdir()  # as a run does that keeps its shop there

    hand_over(run(), page, as_json=False)

    assert "2 of 4 faults held" in page.read_text()


def test_json_and_summary_come_out_although_the_page_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Refusal, match="could not be written") as refused:
        hand_over(run(), tmp_path, as_json=True)

    said = capsys.readouterr()
    assert json.loads(said.out)["seed"] == 7
    assert "2 of 4 faults held" in said.err
    assert refused.value.code == 1


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--report", "file/x.html", "cannot be made"),
        ("--folder", ".", "is not empty"),
        ("--only", "nonesuch", "no fault nonesuch"),
        ("--seconds", "0", "greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_code_2_and_a_sentence_before_anything_starts(
    tmp_path: Path, option: str, value: str, expected: str
) -> None:
    (tmp_path / "file").write_text("dear")
    value = str(tmp_path / value) if option in ("--report", "--folder") else value

    done = subprocess.run(
        [sys.executable, "-m", "tools.faults", option, value],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert expected in done.stderr.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


class Started:
    """A world of no processes."""

    def __init__(self, *_: object, **__: object) -> None:
        self.places = None
        self.runs = False

    def __enter__(self) -> Started:
        self.runs = True
        return self

    def __exit__(self, *_: object) -> None:
        self.runs = False


class Stopped:
    """A harness that gets as far as its second fault."""

    by: BaseException

    def __init__(self, world: Started, **_: object) -> None:
        self.history = History()
        self._world = world

    def run(self, _: object) -> Run:
        assert self._world.runs
        raise self.by

    def so_far(self) -> Run:
        return replace(run(), outcomes=run().outcomes[:1])


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Stopped]]:
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(program, "World", Started)
    monkeypatch.setattr(program, "Harness", Stopped)
    monkeypatch.setattr(ground, "claim", lambda _: None)
    yield Stopped
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("by", "expected", "sentence"),
    [
        (KeyboardInterrupt(), 130, "interrupted; nothing is left running"),
        (Refusal("the shop has ended"), 1, "the shop has ended"),
    ],
)
def test_what_was_done_before_the_end_is_reported(
    stopped: type[Stopped],
    by: BaseException,
    expected: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped.by = by
    page = tmp_path / "x.html"
    monkeypatch.setattr(sys, "argv", ["faults", "--json", "--report", str(page)])

    with pytest.raises(SystemExit) as ended:
        program.main()

    said = capsys.readouterr()
    assert ended.value.code == expected
    assert sentence in said.err
    found = json.loads(said.out)
    assert (found["interrupted"], len(found["outcomes"])) == (True, 1)
    assert "1 of 1 faults held, then interrupted" in page.read_text()
