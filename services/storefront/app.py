"""The storefront as a Flask application."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from libs.web import booted, serve
from services.storefront import errors, forms, page, pages, visits
from services.storefront.deps import PEERS, Deps, from_environment


def create_app(deps: Deps | None = None) -> Flask:
    """The application; without `deps` they are made from the environment. It is ready whatever its
    neighbours do: each page says what it cannot show."""
    deps = deps or booted(from_environment)
    app = Flask(__name__, static_folder=None)
    serve(app, (), (), deps, access=deps.access, knows=PEERS)
    if deps.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=deps.proxies, x_proto=0)  # type: ignore[method-assign]  # Flask's own way
    visits.mount(app, deps)
    forms.mount(app, deps)
    page.mount(app, deps)
    pages.mount(app, deps)
    errors.mount(app)
    return app
