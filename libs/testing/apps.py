"""The production client, wired straight into an app: real bytes, no sockets."""

from __future__ import annotations

from flask import Flask

from contracts.core import Operation
from libs.client import Api, LocalNeighbour, Neighbour
from libs.web import dispatcher_of


class _Connected(Api):
    def __init__(self, app: Flask, user_token: str | None, service_token: str | None) -> None:
        super().__init__(user_token=user_token, service_token=service_token)
        dispatcher = dispatcher_of(app)
        # A bug fails the test that met it, with its own traceback.
        dispatcher.bugs_rise = True
        self._neighbour = LocalNeighbour(dispatcher)

    def neighbour_of(self, operation: Operation) -> Neighbour:
        return self._neighbour


def connect(app: Flask, *, user: str | None = None, service: str | None = None) -> Api:
    """Asks the operations of `app` as nobody, as a user (`user=as_user(...)`) or as a service
    (`service=as_service(...)`)."""
    return _Connected(app, user, service)
