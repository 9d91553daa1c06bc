"""How a request's body gets from the server to an operation."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask, request

from contracts.core import Anyone, Request, Value
from libs.operations.envelope import Nobody
from libs.web import serve
from libs.web.bodies import BODY_LIMIT


class Echo(Value):
    said: str


class Say(Request[Anyone, Echo], http="POST /api/v1/echo"):
    said: str


def say(asked: Say, _: Anyone, __: None) -> Echo:
    return Echo(said=asked.said)


HELLO = b'{"said":"hello"}'


def test_a_body_arrives_whole_and_no_longer_than_it_was_announced(app: Flask) -> None:
    answer = post(app, HELLO + b"GET /next HTTP/1.1", CONTENT_LENGTH=str(len(HELLO)))

    assert answer == (200, b'{"said":"hello"}')


def test_a_body_that_ends_early_is_refused(app: Flask) -> None:
    status, _ = post(app, HELLO[:-4], CONTENT_LENGTH=str(len(HELLO)))

    assert status == 400


@pytest.mark.parametrize("length", ["-1", "+16", "1_6", "sixteen", "", "٣"])
def test_a_length_that_is_no_number_is_no_crash(app: Flask, length: str) -> None:
    status, _ = post(app, HELLO, CONTENT_LENGTH=length)

    assert status in (200, 400, 422)


def test_a_body_in_chunks_arrives_too(app: Flask) -> None:
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    assert post(app, HELLO, **chunked) == (200, HELLO)


def test_a_body_that_a_hook_has_read_is_still_there(app: Flask) -> None:
    seen: list[bytes] = []
    app.before_request(lambda: seen.append(request.get_data()))

    answer = post(app, HELLO, CONTENT_LENGTH=str(len(HELLO)))

    assert (seen, answer) == ([HELLO], (200, HELLO))


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(app: Flask) -> None:
    padding = b" " * (BODY_LIMIT - len(HELLO))

    full, _ = post(app, HELLO + padding, CONTENT_LENGTH=str(BODY_LIMIT))
    more, _ = post(app, HELLO + padding + b" ", CONTENT_LENGTH=str(BODY_LIMIT + 1))

    assert (full, more) == (200, 413)


@pytest.fixture
def app() -> Flask:
    app = Flask("services.echo", root_path=".", static_folder=None)
    serve(app, (), (Say.handled_by(say),), None, access=Nobody())
    return app


def post(app: Flask, body: bytes, **environ: Any) -> tuple[int, bytes]:
    answer = app.test_client().open(
        "/api/v1/echo",
        method="POST",
        content_type="application/json",
        environ_overrides={"wsgi.input": io.BytesIO(body), **environ},
    )
    return answer.status_code, answer.data
