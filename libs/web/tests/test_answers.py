"""An answer skips Werkzeug's work on headers, and nobody can tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response, session
from werkzeug.test import TestResponse

from libs.web.answers import Answer
from libs.web.tuning import tune

JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("body", "status"), [(b'{"a":1}', 200), (b"", 204), (b"[]", 201)])
def test_an_answer_is_on_the_wire_what_a_response_would_be(
    method: str, body: bytes, status: int
) -> None:
    headers = [JSON, ("Cache-Control", "no-store")]
    answer = asked(lambda: Answer(body, status, list(headers)), method)

    plain = asked(lambda: Response(body, status, list(headers)), method)

    assert (answer.status, answer.data) == (plain.status, plain.data)
    assert sorted(answer.headers) == sorted(plain.headers)


def test_a_hook_may_change_an_answer() -> None:
    def hook(response: Response) -> Response:
        response.headers["X-Seen"] = "yes"
        response.set_data(b"longer than before")
        return response

    answer = asked(lambda: Answer(b"short", 200, [JSON]), "GET", hook)

    assert answer.data == b"longer than before"
    assert answer.headers["X-Seen"] == "yes"
    assert answer.content_length == len(b"longer than before")


def test_a_hook_may_replace_the_body_alone() -> None:
    def hook(response: Response) -> Response:
        response.response = [b"another"]
        return response

    answer = asked(lambda: Answer(b"short", 200, [JSON]), "GET", hook)

    assert answer.data[:5] == b"anoth"


def test_what_waits_for_the_end_of_an_answer_is_called() -> None:
    ended: list[str] = []

    def hook(response: Response) -> Response:
        response.call_on_close(lambda: ended.append("yes"))
        return response

    asked(lambda: Answer(b"short", 200, [JSON]), "GET", hook).close()

    assert ended == ["yes"]


def test_sessions_work_as_soon_as_there_is_a_key() -> None:
    app = Flask("sessions", static_folder=None)
    tune(app)
    app.secret_key = "only for this test"

    @app.get("/")
    def count() -> Response:
        session["visits"] = session.get("visits", 0) + 1
        return Answer(str(session["visits"]).encode(), 200, [JSON])

    client = app.test_client()

    assert [client.get("/").data for _ in range(3)] == [b"1", b"2", b"3"]


def asked(
    view: Callable[[], Response], method: str, hook: Callable[[Response], Response] | None = None
) -> TestResponse:
    app = Flask("answers", static_folder=None)
    tune(app)
    app.add_url_rule("/", endpoint="view", view_func=view)
    if hook is not None:
        app.after_request(hook)
    return app.test_client().open("/", method=method, buffered=True)
