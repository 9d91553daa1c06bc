"""The users service as a Flask application."""

from __future__ import annotations

from flask import Flask

from contracts.users import v1 as users
from libs.web import booted, serve
from services.users import views
from services.users.deps import PEERS, Deps, from_environment
from services.users.routes import routes


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(
        app,
        users,
        routes,
        deps,
        access=deps.access,
        knows=PEERS,
        ready={"postgres": deps.messages.database.ready},
    )
    views.mount(app, deps)
    return app
