"""Flask's documented hooks, used to leave out work that no operation needs. The rest of Flask stays
what it is: blueprints, extensions, hooks, sessions with a key, trusted hosts."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSessionInterface

from libs.web.adapters import Adapters


def tune(app: Flask) -> None:
    """Use the hooks in this app."""
    app.session_interface = _Sessions()
    app.create_url_adapter = Adapters(app).create  # type: ignore[method-assign]  # as for wsgi_app


class _Sessions(SecureCookieSessionInterface):
    """Flask's sessions. Without a secret key there can be none, and the object that says so is made
    once instead of for each request (1.3 us)."""

    def __init__(self) -> None:
        self._null: NullSession | None = None

    def open_session(self, app: Flask, request: Request) -> Any:
        """As of SecureCookieSessionInterface."""
        if app.secret_key:
            return super().open_session(app, request)
        if self._null is None:
            self._null = self.make_null_session(app)
        return self._null
