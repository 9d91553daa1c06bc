"""The notifications service as a Flask application: probes alone, for it only listens."""

from __future__ import annotations

from flask import Flask

from libs.web import booted, serve
from services.notifications.deps import PEERS, Deps, from_environment


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(
        app,
        (),
        (),
        deps,
        access=deps.access,
        knows=PEERS,
        ready={"postgres": deps.messages.database.ready},
    )
    return app
