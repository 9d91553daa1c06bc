"""The console at /docs: local, harmless where it stands, and gone when it is not wanted."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from libs.config import ConfigurationError, DocsSettings, load
from libs.operations.envelope import Nobody
from libs.testing import shop
from libs.web import serve

FILES = ("console.css", "console.js", "icon.svg", "swagger-ui.css", "swagger-ui-bundle.js")


def ask(path: str) -> TestResponse:
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=Nobody())
    return app.test_client().get(path)


def test_the_console_is_there_with_all_its_files() -> None:
    page = ask("/docs")

    named = re.findall(r'(?:href|src)="docs/([^"]+)"', page.text)
    assert page.status_code == 200
    assert sorted(named) == sorted(FILES)
    assert [ask(f"/docs/{name}").status_code for name in FILES] == [200] * len(FILES)


def test_nothing_of_the_page_comes_from_elsewhere_nor_may_it_ask_elsewhere() -> None:
    page = ask("/docs")

    policy = page.headers["Content-Security-Policy"]
    assert "http" not in page.text
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "file", ["page.html", "..%2fconsole.py", "%2e%2e/console.py", "swagger-ui.js"]
)
def test_only_its_files_are_served(file: str) -> None:
    assert ask(f"/docs/{file}").status_code == 404


def test_where_it_is_switched_off_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCS", "off")

    assert [ask("/docs").status_code, ask("/docs/console.js").status_code] == [404, 404]


def test_other_consoles_are_those_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCS_LINKS", "users=http://127.0.0.1:8001 orders=https://orders.example")

    assert (
        'data-links="users=http://127.0.0.1:8001 orders=https://orders.example"'
        in ask("/docs").text
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "http://127.0.0.1:8001",
        "users=127.0.0.1",
        "users=javascript:alert(1)",
        "users=http://me:secret@127.0.0.1",
        'users="><script>',
    ],
)
def test_a_link_that_is_none_stops_the_start(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="DOCS_LINKS"):
        load(DocsSettings, {"DOCS_LINKS": wrong})


def test_a_service_that_nobody_reads_about_pays_nothing_for_it() -> None:
    """Neither the generator of schemas nor the console's package is imported at the start."""
    program = (
        "import sys; import libs.testing.shop as shop; from flask import Flask;"
        "from libs.operations.envelope import Nobody; from libs.web import serve;"
        "serve(Flask('shop'), shop.page, shop.routes, shop.World(), access=Nobody());"
        "print([m for m in ('flask_swagger_ui', 'libs.documents') if m in sys.modules])"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert said.stdout == "[]\n"
