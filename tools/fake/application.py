"""A fake as a Flask application: the real routes, dispatch and validation, and a memory behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import ModuleType

from flask import Flask, Response, request

from contracts.core import Admin, Service
from contracts.shared.ids import UserId
from libs.operations.envelope import Envelope, Identity
from libs.testing import RememberedRepeats
from libs.web import serve
from tools.fake.fake import Fake
from tools.fake.wishes import grant_wishes

# Whoever brings no token, or one that names nobody.
SOMEBODY = UserId("usr_" + "0" * 26)
_ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Idempotency-Replayed, Location, Preference-Applied, Retry-After, X-Request-Id"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, Prefer, Service-Authorization, "
        "Traceparent, X-Request-Id"
    ),
    "Access-Control-Max-Age": "600",
}


class Everybody:
    """Lets everybody do everything: any token will do, and none. One that holds a user's id, as those
    of a fake log-in do, is that user's."""

    def identify(self, envelope: Envelope) -> Identity:
        """An admin and a service at once, so that every operation can be asked."""
        named = re.search(r"usr_[0-9a-z]{26}", envelope.authorization or "")
        return Identity(Admin(UserId(named[0]) if named else SOMEBODY), Service("somebody"))


def create_app(service: str, contracts: Iterable[ModuleType], fake: Fake) -> Flask:
    """The fake of a service with these contracts."""
    app = Flask(service, static_folder=None)
    serve(
        app,
        contracts,
        fake.routes,
        None,
        access=Everybody(),
        repeats=RememberedRepeats(),
    )
    _open_to_every_page(app)
    grant_wishes(app, fake)
    return app


def _open_to_every_page(app: Flask) -> None:
    """A page under development comes from another origin."""

    @app.before_request
    def preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204, headers=_PREFLIGHT) if asks else None

    @app.after_request
    def allow(made: Response) -> Response:
        made.headers.update(_ANY_ORIGIN)
        return made
