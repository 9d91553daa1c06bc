"""The orders service as a Flask application."""

from __future__ import annotations

from flask import Flask

from contracts.orders import v1 as orders
from libs.db import StoredRepeats
from libs.web import booted, serve
from services.orders.deps import PEERS, Deps, from_environment
from services.orders.routes import routes


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(
        app,
        orders,
        routes,
        deps,
        access=deps.access,
        knows=PEERS,
        repeats=StoredRepeats(deps.messages.database),
        ready={"postgres": deps.messages.database.ready},
    )
    return app
