"""The report for programs. `FIELDS` in the README beside it says what is in it."""

from __future__ import annotations

import json
from typing import Any

from tools.contracts.readers.model import place_of
from tools.contracts.report.model import Report
from tools.contracts.rules.finding import Consumer, Finding, Proof

VERSION = 1


def text_of(report: Report) -> str:
    """The report as JSON."""
    return json.dumps(as_json(report), indent=2, ensure_ascii=False)


def as_json(report: Report) -> dict[str, Any]:
    """The report as what JSON can hold; nothing is left out or shortened."""
    return {
        "version": VERSION,
        "against": report.against,
        "commit": report.commit,
        "forbidden": report.forbidden,
        "changed": list(report.changed),
        "counts": {str(verdict): number for verdict, number in report.counts.items()},
        "findings": [_finding(one, report) for one in report.findings],
        "problems": [
            {"file": one.where.file, "line": one.where.line, "sentence": one.sentence}
            for one in report.problems
        ],
        "order": {
            "sentence": report.order.sentence,
            "waves": [list(wave) for wave in report.order.waves],
            "circles": [list(circle) for circle in report.order.circles],
            "because": [
                {"first": one.first, "then": one.then, "why": one.why}
                for one in report.order.because
            ],
        },
        "rebuilt": [{"service": one.service, "causes": list(one.causes)} for one in report.rebuilt],
        "types": None
        if report.mistakes is None
        else [
            {
                "service": place_of(one.file).removeprefix("services/"),
                "file": one.file,
                "line": one.line,
                "text": one.text,
            }
            for one in report.mistakes
        ],
        "tests": {
            service: {"passed": one.passed, "failed": list(one.failed)}
            for service, one in report.tests.items()
        },
        "notes": list(report.notes),
    }


def _finding(one: Finding, report: Report) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "case": one.case,
        "like": one.like,
        "contract": one.contract,
        "subject": one.subject,
        "field": one.field,
        "verdict": str(one.verdict),
        "verdicts": {str(way): str(verdict) for way, verdict in one.verdicts.items()},
        "forbids": one in report.forbidding,
        "file": one.where.file if one.where else None,
        "line": one.where.line if one.where else None,
        "removed": one.removed,
        "sentence": one.sentence,
        "mend": one.mend,
        "reached": {str(way): path for way, path in one.reached.items()},
        "proof": _proof(one.proof),
        "unproved": one.unproved,
        "consumers": [_consumer(consumer) for consumer in one.consumers],
        "waived": one.waived,
        "page": one.page,
    }


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "payload": proof.payload,
        "direction": str(proof.direction),
        "writer": proof.writer,
        "reader": proof.reader,
        "outcome": proof.outcome,
        "by_hand": proof.by_hand,
    }


def _consumer(one: Consumer) -> dict[str, Any]:
    return {
        "service": one.service,
        "file": one.where.file,
        "line": one.where.line,
        "use": one.use,
        "text": one.text,
        "tests": one.tests,
        "gone": one.gone,
    }
