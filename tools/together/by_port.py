"""Which service a request is for: the one whose port it came in by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


class ByPort:
    """A WSGI application in front of others. The port is the socket's own: a Host header is the
    client's to choose, and would let it reach a service that its network doesn't let it."""

    def __init__(self, apps: Mapping[int, WSGIApplication]) -> None:
        self._apps = {str(port): app for port, app in apps.items()}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._apps[environ["SERVER_PORT"]](environ, start_response)
