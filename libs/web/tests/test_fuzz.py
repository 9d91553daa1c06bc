"""Whatever anybody sends: an answer of the contract or a problem, never a bug."""

from __future__ import annotations

import json

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.core import Admin, Service
from libs.operations.envelope import Identity, Nobody
from libs.testing import shop
from libs.web import serve

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["mug", "card", "a@b.example", "2026-01-01T00:00:00Z", "EUR", "1E+1000000"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                """sku price cents currency attributes payment kind email parcel things within password
            made_at colour state words""".split()
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
TARGETS = st.sampled_from(
    [(b.request.__operation__.method, b.request.__operation__.path) for b in shop.routes]
)


def client() -> FlaskClient:
    app = Flask("shop")
    everybody = Nobody(Identity(Admin(shop.ADA), Service("orders")))
    serve(app, shop.page, shop.routes, shop.World(), access=everybody)
    return app.test_client()


ASKED = client()


@settings(max_examples=150, deadline=None)
@given(
    TARGETS,
    BODIES,
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=6), st.text(), max_size=4),
)
def test_no_request_is_a_bug(
    target: tuple[str, str], body: bytes, value: str, query: dict[str, str]
) -> None:
    method, path = target
    sent = body if method in ("POST", "PUT") else b""

    answer = ASKED.open(
        path.replace("{sku}", value.replace("?", "").replace("#", "") or "x"),
        method=method,
        data=sent,
        query_string=query,
        content_type="application/json",
    )

    assert answer.status_code < 500, answer.data
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == answer.status_code
    elif answer.data:
        json.loads(answer.data)
