"""The catalog service as a Flask application."""

from __future__ import annotations

from flask import Flask

from contracts.catalog import v1 as catalog
from libs.db import StoredRepeats
from libs.web import booted, serve
from services.catalog import views
from services.catalog.deps import PEERS, Deps, from_environment
from services.catalog.routes import routes


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(
        app,
        catalog,
        routes,
        deps,
        access=deps.access,
        knows=PEERS,
        repeats=StoredRepeats(deps.messages.database),
        ready={"postgres": deps.messages.database.ready},
    )
    views.mount(app, deps)
    return app
