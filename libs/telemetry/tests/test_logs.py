"""Logs: one JSON object a line, and no secret in any of them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from libs.telemetry.logs import Hidden, without_secrets

# In a process of its own: logging is set up once a process, for good.
WORLD = """
import logging, sys
from pydantic import TypeAdapter, ValidationError
from libs.telemetry import logs
logs.set_up("shop", as_json={as_json}, level={level!r}, trace_id=lambda: "t" * 32)
log = logs.get_logger("world")
"""


def written(code: str, *, as_json: bool = True, level: str = "info") -> str:
    done = subprocess.run(
        [sys.executable, "-c", WORLD.format(as_json=as_json, level=level) + code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def lines(code: str, **how: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(code, **how).splitlines()]


def test_each_line_is_json_with_its_trace_and_service() -> None:
    both = lines("log.info('placed', order='7'); logging.getLogger('lib').warning('odd %s', 1)")

    for line, event in zip(both, ("placed", "odd 1"), strict=True):
        assert line["event"] == event
        assert (line["service"], line["trace_id"]) == ("shop", "t" * 32)
        assert line["level"] in ("info", "warning") and line["timestamp"].endswith("Z")
    assert both[0]["order"] == "7"


def test_a_line_break_cannot_begin_a_line_of_its_own() -> None:
    forged = '"}\\n{"event": "forged"}\\u2028\\r\\x1b[2J'

    assert len(lines(f"log.info('x', name='''{forged}''')")) == 1


def test_a_traceback_is_one_line() -> None:
    (line,) = lines("try:\n  1/0\nexcept ZeroDivisionError:\n  log.exception('bug')")

    assert "ZeroDivisionError" in line["exception"]


def test_lines_below_the_level_are_not_written() -> None:
    assert lines("log.info('x'); logging.getLogger('a').info('y')", level="warning") == []


SECRETS = [
    "log.info('x', password='hunter2')",
    "log.info('x', user={'api_key': 'hunter2', 'tokens': ['hunter2']})",
    "log.info('x', url='postgresql://app:hunter2@db/users')",
    "log.info('x', header='Bearer hunter2hunter2')",
    'log.info(\'{"password": "hunter2", "name": "Ada"}\')',
    "log.info(\"RegisterUser(password='hunter2')\")",
    "log.info('GET /?password=hunter2&x=1')",
    "log.info('x', error='my hunter2 is wrong', hide=logs.Hidden(['hunter2']))",
    "logging.getLogger('lib').warning('redis://:hunter2@db')",
    "log.info('x', jwt='eyJhbGciOiJF.hunter2hunter2.hunter2')",
    "try: raise ValueError('smtp://me:hunter2@mail')\n"
    "except ValueError: logging.getLogger('lib').exception('x')",
    "try: raise ValueError(\"{'password': 'hunter2'}\")\nexcept ValueError: log.exception('x')",
]


def test_a_secret_is_not_written() -> None:
    shown = written("\n".join(SECRETS)).splitlines()

    assert len(shown) == len(SECRETS)
    for line in shown:
        assert "hunter2" not in line
        assert "***" in line


def test_a_secret_is_not_written_for_people_either() -> None:
    shown = written("\n".join(SECRETS), as_json=False)

    assert "hunter2" not in shown
    assert "\x1b" not in shown  # into a pipe go no colours


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/users/usr_1?next=2",
        "password must have 10 characters",
        "the token is expired",
        "hash = deps.passwords.hash(request.password)",
        "user@example.com wrote at 10:30: hello@all",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert without_secrets(None, "info", {"event": text}) == {"event": text}


def test_short_texts_are_not_hidden_out_of_every_word() -> None:
    assert Hidden(["a", "", "abcd"]).texts == ("abcd",)
    assert repr(Hidden(["hunter2"])) == "***"
