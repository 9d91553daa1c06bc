"""What a service tells of the contracts that it was built from."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask

from contracts.core import feed
from contracts.core.forms import ReadContracts
from libs.testing import shop
from libs.testing.callers import AnyToken, as_service, as_user
from libs.web import serve


def asked(**headers: str) -> Any:
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=AnyToken(), knows=(feed,))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get("/contracts", headers=named)


def test_a_service_reads_the_recorded_forms_byte_for_byte() -> None:
    said = asked(Service_Authorization=f"Bearer {as_service('dev')}")

    built = ReadContracts.__operation__.wire.read_answer(said.data)
    forms = {one.page: one.form for one in built.knows}
    assert said.status_code == 200
    assert built.service == "shop"
    assert forms["contracts.core.feed"] == Path(feed.__file__).with_suffix(".json").read_text()
    assert json.loads(forms["contracts.core.feed"])["operations"].keys() == {"ReadFeed"}
    # The page of these tests was never recorded, the language is in both.
    assert {one.page for one in built.serves} == {
        f"contracts.core.{n}" for n in ("chassis", "feed", "forms")
    }


def test_nobody_else_does() -> None:
    assert asked().status_code == 401
    assert asked(Authorization=as_user(shop.ADA)).status_code in (401, 403)


def test_it_is_what_the_service_started_with_whatever_lies_on_the_disk_by_now(
    tmp_path: Path,
) -> None:
    page = ModuleType("contracts.orders.v1")
    page.__file__ = str(tmp_path / "v1.py")
    recorded = tmp_path / "v1.json"
    recorded.write_text('"as it was built"')
    app = Flask("shop")
    serve(app, shop.page, shop.routes, shop.World(), access=AnyToken(), knows=(page,))

    recorded.write_text('"edited since"')

    said = app.test_client().get(
        "/contracts", headers={"Service-Authorization": f"Bearer {as_service('dev')}"}
    )
    [form] = [one["form"] for one in json.loads(said.data)["knows"] if one["page"] == page.__name__]
    assert form == '"as it was built"'
