import json
import os
from pathlib import Path

import pytest

from tools.dev import logs
from tools.dev.errors import Refusal
from tools.dev.logs import Line
from tools.dev.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    made.make()
    return made


def said(second: int, event: str, **fields: str) -> str:
    moment = f"2026-11-22T10:00:{second:02}.000000Z"
    return json.dumps({"event": event, "level": "info", "timestamp": moment, **fields}) + "\n"


def test_the_lines_of_several_processes_come_in_the_order_of_their_times(places: Places) -> None:
    places.log("users.web").write_text(said(1, "first") + said(4, "fourth"))
    places.log("users.worker").write_text(said(2, "second") + "Traceback\n" + said(5, "fifth"))

    lines = logs.last(places, logs.sources(places, "users"), 4)

    events = [json.loads(line.text)["event"] if "{" in line.text else line.text for line in lines]
    assert events == ["second", "Traceback", "fourth", "fifth"]


def test_a_service_that_is_not_there_is_refused_with_those_that_are(places: Places) -> None:
    places.log("users.web").write_text("")
    places.log("mail").write_text("")

    with pytest.raises(Refusal, match="no log of 'user'; there are: mail, users") as refused:
        logs.sources(places, "user")

    assert refused.value.code == 3


def test_a_json_line_is_made_readable() -> None:
    line = Line("users.web", said(1, "registered", user_id="usr_1", service="users"))

    assert logs.render(line).plain.endswith("users.web            registered user_id=usr_1")


def test_a_line_that_is_no_json_is_shown_as_it_is() -> None:
    assert logs.render(Line("postgres", "{oops [bold]")).plain.endswith("{oops [bold]")


def test_following_goes_on_where_a_log_was_emptied(places: Places) -> None:
    log = places.log("users.web")
    log.write_text("old\n")
    following = logs.follow(places, ["users.web"])
    assert next(following) is None

    with log.open("a") as opened:
        opened.write("new\nhalf")
    assert next(following) == Line("users.web", "new")
    with log.open("a") as opened:
        opened.write(" a line\n")
    assert next(line for line in following if line) == Line("users.web", "half a line")
    os.truncate(log, 0)
    assert next(following) is None
    log.write_text("after\n")
    assert next(line for line in following if line) == Line("users.web", "after")


def test_a_log_never_grows_beyond_its_bound_and_keeps_its_end(places: Places) -> None:
    log = places.log("users.web")
    with log.open("ab") as writer:
        writer.write(b"x" * 79 + b"\n")
        writer.write((b"y" * 79 + b"\n") * 70_000)
        writer.flush()

        logs.bound_size(places)
        writer.write(b"last\n")

    assert log.read_bytes() == b"last\n"
    assert log.with_suffix(".log.1").stat().st_size > 5_000_000
