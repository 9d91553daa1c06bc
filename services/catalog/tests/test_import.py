"""Product files: taken line by line, the bad lines named, and repeated without harm."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from contracts.catalog import v1 as catalog
from contracts.shared.ids import Sku
from libs.client import Api
from libs.testing import TestDatabase, as_service, as_user
from services.catalog import command, importing, product_files
from services.catalog.deps import Deps
from services.catalog.tests.conftest import ADA, ADMIN, MUG, Balance, an_order, reserve
from services.catalog.views import BODY_LIMIT

DEMO = Path(__file__).parents[1] / "demo.jsonl"

CSV = """\
sku,name,description,category,price_cents,currency,stock,attributes.material,attributes.capacity_ml
mug-blue,Blue mug,"Says ""good morning"",
on two lines",tableware,1450,EUR,12,stoneware,350
teapot-glass,Glass teapot,,tea,3290,,,,
"""


def a_row(**said: Any) -> dict[str, Any]:
    """A good row, except for what is said."""
    row = {"sku": MUG, "name": "Mug", "category": "tableware", "price": {"cents": 900}, "stock": 5}
    return {name: value for name, value in (row | said).items() if value is not ...}


def as_lines(*rows: dict[str, Any]) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def load(
    deps: Deps, lines: Iterable[bytes], kind: product_files.Format = "jsonl"
) -> importing.Report:
    return importing.load(deps.messages.database, lines, kind)


def post(
    app: Flask, body: bytes, kind: str = "application/jsonl", token: str | None = None
) -> TestResponse:
    return app.test_client().post(
        "/api/v1/products/import",
        data=body,
        content_type=kind,
        headers={"Authorization": token or as_user(ADMIN, admin=True)},
    )


def test_the_demo_has_enough_to_look_at(deps: Deps) -> None:
    report = load(deps, DEMO.read_bytes().splitlines())

    assert (report.refused, report.changed) == (0, 0)
    assert report.added >= 60


def test_importing_a_file_again_changes_nothing(
    deps: Deps, buyer: Api, balance: Callable[[Sku], Balance]
) -> None:
    load(deps, DEMO.read_bytes().splitlines())
    sku = Sku("teapot-cast-iron")
    buyer.send(reserve(an_order(1), (sku, 3)))
    before = _rows(deps)

    report = load(deps, DEMO.read_bytes().splitlines())

    assert (report.added, report.changed, report.unchanged) == (0, 0, 75)
    assert _rows(deps) == before
    assert balance(sku) == Balance(on_hand=15, reserved=3, sold=0)


def test_a_changed_line_changes_its_product_and_leaves_its_stock(deps: Deps, anyone: Api) -> None:
    load(deps, as_lines(a_row(), a_row(sku="cup")))

    report = load(deps, as_lines(a_row(name="Better mug", stock=99), a_row(sku="cup", stock=...)))

    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    mug = anyone.send(catalog.GetProduct(sku=MUG))
    assert (mug.name, mug.units_left) == ("Better mug", 5)


def test_csv_says_the_same_as_json(deps: Deps, anyone: Api) -> None:
    report = load(deps, io.BytesIO(CSV.encode()), "csv")

    assert (report.added, report.refusals) == (2, [])
    mug = anyone.send(catalog.GetProduct(sku=MUG))
    assert mug.attributes == {"material": "stoneware", "capacity_ml": 350}
    assert mug.description == 'Says "good morning",\non two lines'
    assert (mug.price.cents, mug.units_left) == (1450, 12)
    teapot = anyone.send(catalog.GetProduct(sku=Sku("teapot-glass")))
    assert (teapot.attributes, teapot.price.currency, teapot.units_left) == ({}, "EUR", 0)


def test_a_spreadsheets_csv_with_its_mark_and_line_ends_is_taken(deps: Deps) -> None:
    body = b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()

    report = load(deps, io.BytesIO(body), "csv")

    assert (report.added, report.refusals) == (2, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no json", "Invalid JSON"),
        (b"[]", "object"),
        (b'{"sku": "x"', "Invalid JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (as_lines(a_row(description="\0"))[0], "holds a NUL"),
        (as_lines(a_row(attributes={"a\0": 1}))[0], "holds a NUL"),
        (b'{"sku": "x", "name": "\\ud800"}', "Invalid JSON"),
        pytest.param(b"x" * (product_files.LONGEST_LINE + 1), "is longer than", id="long"),
        pytest.param(b"[" * 50_000, "nvalid JSON", id="deep"),
        (as_lines(a_row(sku=...))[0], "sku: Field required"),
        (as_lines(a_row(sku="No Sku"))[0], "sku: String should match pattern"),
        (as_lines(a_row(name=" "))[0], "name: "),
        (as_lines(a_row(name="two\nlines"))[0], "name: "),
        (as_lines(a_row(price={"cents": -1}))[0], "price.cents: "),
        (as_lines(a_row(price={"cents": "900"}))[0], "price.cents: "),
        (as_lines(a_row(price={"cents": 9.5}))[0], "price.cents: "),
        (as_lines(a_row(stock=-1))[0], "stock: "),
        (as_lines(a_row(stock=1_000_001))[0], "stock: "),
        (as_lines(a_row(colour="blue"))[0], "colour: "),
        pytest.param(as_lines(a_row(attributes={"a": "x" * 20_000}))[0], "attributes: ", id="much"),
        (as_lines(a_row(attributes=[1]))[0], "attributes: "),
        (as_lines(a_row(sku="before"))[0], "sku: before stands in line 1 already"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_kept(
    deps: Deps, anyone: Api, line: bytes, reason: str
) -> None:
    (before, after) = as_lines(a_row(sku="before"), a_row(sku="after"))

    report = load(deps, [before, b"\n", line.rstrip() + b"\n", after])

    assert (report.added, report.refused) == (2, 1)
    (refused,) = report.refusals
    assert refused.line == 3
    assert reason in refused.reason
    assert "after" in {item.sku for item in anyone.send(catalog.ListProducts()).items}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("mug-blue,Mug,tableware", "has 3 cells under a heading of 4"),
        ("mug-blue,Mug,tableware,9.50", "price.cents: "),
        ("mug-blue,,tableware,950", "name: Field required"),
        ('mug-blue,"Mug"x,tableware,950', "is no CSV"),
        ("mug-blue,M\xfcg,tableware,950", "is not UTF-8"),
        ("mug-blue,M\0g,tableware,950", "holds a NUL"),
        pytest.param(f"mug-blue,{'x' * 140_000},tableware,950", "is no CSV", id="long"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_the_rest_is_kept(
    deps: Deps, cells: str, reason: str
) -> None:
    body = f"sku,name,category,price_cents\n{cells}\ncup,Cup,tableware,900\n".encode("latin-1")

    report = load(deps, io.BytesIO(body), "csv")

    assert (report.added, report.refused) == (1, 1)
    assert report.refusals[0].line == 2
    assert reason in report.refusals[0].reason


@pytest.mark.parametrize(
    ("heading", "reason"),
    [
        ("sku,name", "lacks category, price_cents"),
        ("sku,name,category,price_cents,attributes.f\xfcr", "is not UTF-8"),
        ("sku,name,category,price_cents,stok", "'stok', which means nothing here"),
        ("sku,name,category,price_cents,sku", "names a column twice"),
        ('{"sku": "mug"}', "lacks sku"),
    ],
)
def test_of_a_file_with_a_wrong_heading_nothing_is_taken(
    deps: Deps, heading: str, reason: str
) -> None:
    report = load(deps, io.BytesIO(f"{heading}\na,b,c,1\n".encode("latin-1")), "csv")

    assert (report.added, report.refused) == (0, 1)
    assert reason in report.refusals[0].reason


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("{}x", "attributes: is no JSON"),
        ("[]", "attributes: is no JSON object"),
        ('{"a": "\\u0000"}', "holds a NUL"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
        ('{"\\ud800": 1}', "surrogates not allowed"),
        ('{"a": 1e999}', "attributes"),
        (f'{{"a": {"9" * 30}}}', "attributes: Whole numbers end at 64 bits"),
        pytest.param(f'{{"a": {"9" * 5000}}}', "attributes: is no JSON", id="digits"),
        pytest.param("[" * 30_000, "attributes: is no JSON", id="deep"),
    ],
)
def test_attributes_in_a_cell_are_json_that_can_be_stored(
    deps: Deps, cell: str, reason: str
) -> None:
    quoted = cell.replace('"', '""')
    body = f'sku,name,category,price_cents,attributes\nmug,Mug,tableware,1,"{quoted}"\n'
    good = 'cup,Cup,tableware,1,"{""back"": ""\\\\u0000""}"\n'

    report = load(deps, io.BytesIO((body + good).encode()), "csv")

    assert (report.added, report.refused) == (1, 1)
    assert reason in report.refusals[0].reason


def test_a_file_of_another_kind_is_refused_without_end_of_report(deps: Deps) -> None:
    report = load(deps, [b"nothing\n"] * 3_000)

    assert report.refused == 3_000
    assert len(report.refusals) == importing.MOST_REFUSALS_SHOWN


def test_a_file_longer_than_a_batch_is_taken_whole(deps: Deps) -> None:
    rows = [a_row(sku=f"thing-{n}") for n in range(importing.BATCH * 2 + 1)]

    report = load(deps, as_lines(*rows))

    assert (report.added, report.refused) == (len(rows), 0)


def test_an_admin_posts_a_file_and_reads_what_became_of_it(app: Flask, anyone: Api) -> None:
    answered = post(app, b"".join(as_lines(a_row())) + b"nonsense\n")

    assert answered.status_code == 200
    assert answered.json is not None
    assert {name: answered.json[name] for name in ("added", "refused")} == {
        "added": 1,
        "refused": 1,
    }
    assert answered.json["refusals"][0]["line"] == 2
    assert anyone.send(catalog.GetProduct(sku=MUG)).units_left == 5


def test_csv_is_told_by_its_content_type(app: Flask, anyone: Api) -> None:
    answered = post(app, CSV.encode(), "text/csv; charset=utf-8")

    assert answered.json is not None
    assert answered.json["added"] == 2


def test_nobody_but_an_admin_imports(app: Flask, anyone: Api) -> None:
    body = b"".join(as_lines(a_row()))
    client = app.test_client()
    by_service = {"Service-Authorization": f"Bearer {as_service('orders')}"}

    statuses = [
        client.post("/api/v1/products/import", data=body, content_type="application/jsonl"),
        post(app, body, token=as_user(ADA)),
        post(app, body, token="Bearer nonsense"),
        client.post("/api/v1/products/import", data=body, headers=by_service),
    ]

    assert [answered.status_code for answered in statuses] == [401, 403, 401, 403]
    assert isinstance(anyone.attempt(catalog.GetProduct(sku=MUG)), catalog.NoSuchProduct)


def test_another_kind_of_file_is_refused_with_those_that_are_taken(app: Flask) -> None:
    answered = post(app, b"<products/>", "application/xml")

    assert answered.status_code == 415
    assert answered.json is not None
    assert "text/csv" in answered.json["supported"]


def test_a_file_has_a_longest_size_of_its_own(app: Flask) -> None:
    larger_than_usual = b"".join(as_lines(*[a_row(description="x" * 3000)] * 500))

    taken = post(app, larger_than_usual)
    refused = post(app, b"\n" * (BODY_LIMIT + 1))

    assert len(larger_than_usual) > 1024 * 1024
    assert taken.status_code == 200
    assert refused.status_code == 413
    assert refused.json is not None
    assert refused.json["limit_bytes"] == BODY_LIMIT


def test_files_can_be_imported_from_the_command_line(
    database: TestDatabase,
    anyone: Api,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    bad = tmp_path / "more.csv"
    bad.write_text(CSV + "oops,,,,,,,,\n")

    statuses = [command.import_files([str(DEMO)]), command.import_files([str(bad)])]

    assert statuses == [0, 1]
    said = capsys.readouterr()
    assert "75 added" in said.out
    assert f"{bad}:5: " in said.err
    assert anyone.send(catalog.GetProduct(sku=MUG)).name == "Blue mug"


@pytest.mark.parametrize("arguments", [[], ["products.xml"]])
def test_the_command_says_which_files_it_takes(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    status = command.import_files(arguments)

    assert status == 2
    assert ".csv, .jsonl or .ndjson" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.app_url)

    status = command.import_files(["nowhere.csv"])

    assert status == 1
    assert "nowhere.csv" in capsys.readouterr().err


def _rows(deps: Deps) -> list[tuple[object, ...]]:
    with deps.messages.database.transaction() as session:
        rows = session.execute(text("SELECT *, xmin FROM product ORDER BY sku"))
        return [tuple(row) for row in rows]
