"""Every benchmark still runs. What it measures is nobody's promise here: machines differ."""

from __future__ import annotations

import json

import pytest

from tools.bench import apps, callers, calls, latency, operations, peers
from tools.bench.tables import Report


def test_operations_are_compared_with_other_forms() -> None:
    report = operations.measure(rounds=2, calls=3)

    assert {"ours", "bare Flask, dict", "Flask + pydantic bytes"} <= {row[0] for row in report.rows}
    assert all(target["value"] > 0 for target in report.targets)


def test_every_form_answers_the_same_order() -> None:
    orders = [
        app.test_client().get(f"/api/v1/orders/{apps.ORDER_ID}").get_json()
        for form in apps.FORMS.values()
        if (app := form()) is not None
    ]

    assert orders[1:] == orders[:-1]


def test_calls_are_compared_with_other_clients() -> None:
    report = calls.measure(rounds=2, calls=3, slow_calls=16)

    assert report.rows[0][0] == callers.OURS
    assert "httpx.Client, pooled" in {row[0] for row in report.rows}


def test_latency_is_measured_for_events_and_jobs() -> None:
    report = latency.measure(rounds=1, idle_s=0.1)

    assert [row[0] for row in report.rows] == ["event", "job"]


def test_a_peer_that_is_not_installed_is_left_out_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apps, "peer", lambda _: None)

    report = operations.measure(rounds=1, calls=1)

    assert operations.SEED not in {row[0] for row in report.rows}
    assert "marshmallow is not installed" in report.remarks[0]
    assert peers.INSTALL in report.remarks[0]


def test_a_report_is_a_table_for_people_and_json_for_machines() -> None:
    report = Report("tea", "Minutes", ("", "steeped"))
    report.row("green", "2")
    report.target("green, minutes", 4, at_most=3)

    table, read = report.as_table(), json.loads(report.as_json())

    assert "MISSED  green, minutes: 4 (at most 3)" in table
    assert read["rows"] == [{"": "green", "steeped": "2"}]
    assert read["targets"][0]["met"] is False
