"""The quick way to read a response's head sees what http.client sees."""

from __future__ import annotations

import http.client
import socket
from typing import Any

import pytest

from libs.client.response import Response

BODY = b'{"a":1}'
PLAIN = (
    b"HTTP/1.1 200 OK",
    b"Server: gunicorn",
    b"Connection: keep-alive",
    b"Content-Type: application/json",
    b"X-Empty:",
    b"X-Twice: 1",
    b"x-twice: 2",
    b"Content-Length: 7",
)


def test_a_plain_head_is_read_as_http_client_reads_it() -> None:
    quick = facts_of(Response, head(*PLAIN) + BODY)

    assert quick == facts_of(http.client.HTTPResponse, head(*PLAIN) + BODY)


@pytest.mark.parametrize(
    "lines",
    [
        (b"HTTP/1.1 200 OK", b"Connection: close", b"Content-Length: 7"),
        (b"HTTP/1.1 200 OK", b"Connection: keep-alive, close", b"Content-Length: 7"),
        (b"HTTP/1.0 200 OK", b"Content-Length: 7"),
        (b"HTTP/1.1 200 OK", b"Content-Type: text/plain"),
        (b"HTTP/1.1 200", b"Content-Length: 7"),
        (b"HTTP/1.1 200 OK", b"Content-Length: -7"),
        (b"HTTP/1.1 200 OK", b"Content-Length: +7"),
        (b"HTTP/1.1 200 OK", b"Content-Length: 7", b"Content-Length: 3"),
        (b"HTTP/1.1 200 OK", b"X-Folded: a", b" b", b"Content-Length: 7"),
        (b"HTTP/1.1 200 OK", b"X-Bare: a\nContent-Length: 3", b"Content-Length: 7"),
        (b"HTTP/1.1 204 No Content", b"Content-Length: 7"),
        (b"HTTP/1.1 304 Not Modified", b"Content-Length: 7"),
        (b"HTTP/1.1 404 Not Found", b"Content-Length: 7"),
        (b"HTTP/1.1 503 Service Unavailable", b"Retry-After: 2", b"Content-Length: 7"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", b"Content-Length: 7"),
    ],
)
def test_a_strange_head_is_read_as_http_client_reads_it(lines: tuple[bytes, ...]) -> None:
    quick = facts_of(Response, head(*lines) + BODY)

    assert quick == facts_of(http.client.HTTPResponse, head(*lines) + BODY)


def test_chunks_are_put_together() -> None:
    chunked = head(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked")

    quick = facts_of(Response, chunked + b"7\r\n" + BODY + b"\r\n0\r\n\r\n")

    assert quick["body"] == BODY


def test_a_length_beside_chunks_does_not_count() -> None:
    both = head(b"HTTP/1.1 200 OK", b"Content-Length: 3", b"Transfer-Encoding: chunked")

    quick = facts_of(Response, both + b"7\r\n" + BODY + b"\r\n0\r\n\r\n")

    assert quick["body"] == BODY


def test_an_answer_to_head_has_no_body_to_wait_for() -> None:
    assert facts_of(Response, head(*PLAIN), method="HEAD")["body"] == b""


def test_a_head_that_comes_in_two_parts_is_waited_for() -> None:
    whole = head(*PLAIN) + BODY

    assert facts_of(Response, whole[:40], whole[40:]) == facts_of(Response, whole)


def head(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def facts_of(
    kind: type[http.client.HTTPResponse], *parts: bytes, method: str = "GET"
) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for part in parts:
            theirs.sendall(part)
        theirs.shutdown(socket.SHUT_WR)
        response = kind(ours, method=method)
        response.begin()
        pairs = getattr(response, "pairs", None) or tuple(response.headers.items())
        return {
            "status": response.status,
            "reason": response.reason,
            "version": response.version,
            "headers": pairs,
            "closes": response.will_close,
            "length": response.length,
            "body": response.read(100),
        }
