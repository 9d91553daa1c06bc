"""What every page has: the layout with its words, the headers of a careful site, compression."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from jinja2 import StrictUndefined

from contracts.shared.ids import Sku
from services.storefront import pictures, words
from services.storefront.assets import Assets, takes_gzip
from services.storefront.deps import Deps
from services.storefront.forms import form_token
from services.storefront.visits import Visit, visit

_HERE = Path(__file__).parent
# Whatever runs or shows comes from here; no script and no style stands in a page itself.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WORTH_PACKING = 500


def page(template: str, status: int = 200, **values: Any) -> Response:
    """The page that the template makes; what it shows is one visitor's, and nobody may keep it."""
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_htmx() -> bool:
    """Whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def mount(app: Flask, deps: Deps) -> None:
    """Words for the templates, headers for the answers, and the static files."""
    assets = Assets(_HERE / "static")
    assets.mount(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "price": words.price,
        "when": words.when,
        "stock": words.stock,
        "category": words.category,
        "picture": pictures.of,
    }
    app.jinja_env.globals |= {
        "asset": assets.path,
        "attribute": words.attribute,
        "form_token": form_token,
        "picture_of_sku": pictures.of_sku,
    }
    secure = deps.is_secure

    @app.context_processor
    def of_every_page() -> dict[str, Visit]:
        return {"visit": visit()}

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return _packed(response)


def _packed(response: Response) -> Response:
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= _WORTH_PACKING and takes_gzip():
        # Form tokens are masked, so that the length of a page tells nothing of them.
        response.set_data(gzip.compress(body, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def skus_of(lines: Any) -> list[Sku]:
    """The products of a cart's or an order's lines."""
    return [line.sku for line in lines]
