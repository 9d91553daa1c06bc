"""The payments service as a Flask application."""

from __future__ import annotations

from flask import Flask

from contracts.payments import v1 as payments
from libs.web import booted, serve
from services.payments import views
from services.payments.deps import PEERS, Deps, from_environment
from services.payments.routes import routes


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(
        app,
        payments,
        routes,
        deps,
        access=deps.access,
        knows=PEERS,
        ready={"postgres": deps.messages.database.ready},
    )
    views.mount(app, deps)
    return app
