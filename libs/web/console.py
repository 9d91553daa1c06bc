"""The console at `/docs`: what the service answers, to read and to try. All its files are local."""

from __future__ import annotations

from html import escape
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory

from libs.config import DocsSettings, load
from libs.web.boot import booted

_OURS = Path(__file__).with_name("docs")
_PAGE = _OURS / "page.html"
_OUR_FILES = ("console.css", "console.js", "icon.svg")
_THEIR_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
# Swagger UI sets styles by itself; nothing is asked but the service that the page comes from.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def mount_console(app: Flask, service: str, settings: DocsSettings | None = None) -> None:
    """`/docs` and its files, unless the environment says DOCS=off. Raises CannotBegin when it says
    something that cannot be."""
    told = settings or booted(lambda: load(DocsSettings))
    if told.docs == "off":
        return

    def docs() -> Response:
        page = _PAGE.read_text(encoding="utf-8")
        filled = page.replace("{{service}}", escape(service)).replace(
            "{{links}}", escape(told.docs_links or "")
        )
        return _kept(Response(filled, content_type="text/html; charset=utf-8"))

    def docs_file(file: str) -> Response:
        if file in _OUR_FILES:
            return _kept(send_from_directory(_OURS, file))
        if file in _THEIR_FILES:
            return _kept(send_from_directory(_theirs(), file))
        abort(404)

    app.add_url_rule(
        "/docs",
        endpoint="docs",
        view_func=docs,
        methods=["GET"],
        provide_automatic_options=False,
    )
    app.add_url_rule(
        "/docs/<file>",
        endpoint="docs_file",
        view_func=docs_file,
        methods=["GET"],
        provide_automatic_options=False,
    )


def _theirs() -> Path:
    import flask_swagger_ui  # type: ignore[import-untyped]  # its files are all that is used

    return Path(flask_swagger_ui.__file__).with_name("dist")


def _kept(made: Response) -> Response:
    made.headers.update(_HEADERS)
    made.cache_control.no_cache = True  # asked again each time, sent again when it changed
    return made
