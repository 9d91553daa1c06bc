import os
import subprocess
import sys

import pytest

from tools.dev.places import HERE


def dev(*arguments: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-m", "tools.dev", *arguments],
        cwd=HERE.root,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["", "up", "down", "status", "logs", "doctor"])
def test_help_shows_an_example_in_plain_text_within_80_columns(command: str) -> None:
    ran = dev(*([command] if command else []), "--help")

    assert ran.returncode == 0
    assert f"./dev {command}" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert all(len(line) <= 80 for line in ran.stdout.splitlines())


@pytest.mark.parametrize("wrong", [["sideways"], ["up", "--fast"], ["up", "--watch", "--packaged"]])
def test_a_wrong_word_is_a_usage_error_without_a_traceback(wrong: list[str]) -> None:
    ran = dev(*wrong)

    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_logs_of_something_unknown_are_not_found() -> None:
    ran = dev("logs", "no-such-service")

    assert ran.returncode == 3
    assert ran.stdout == ""
    assert ran.stderr.startswith("dev: ")


def test_no_color_on_a_terminal_gives_plain_text() -> None:
    path = os.pathsep.join(filter(None, sys.path))
    master, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tools.dev", "status"],
        cwd=HERE.root,
        env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "TERM": "xterm"},
        stdout=terminal,
        stderr=terminal,
    ):
        os.close(terminal)
        shown = b""
        try:
            while read := os.read(master, 65536):
                shown += read
        except OSError:
            pass  # Linux' way to say that the other end was closed
    os.close(master)

    assert b"postgres" in shown
    assert b"\x1b" not in shown
