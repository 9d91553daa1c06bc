"""The report as annotations of a pull request on GitHub: workflow commands on stdout."""

from __future__ import annotations

from collections.abc import Iterator

from tools.contracts.report.model import Report
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.verdict import Verdict


def lines_of(report: Report) -> Iterator[str]:
    """One line for each finding, and each line of the type check that a finding leads to."""
    for problem in report.problems:
        yield _line("error", problem.where.file, problem.where.line, "contract", problem.sentence)
    for one in report.findings:
        level = "error" if one in report.forbidding else "notice"
        if one.verdict in (Verdict.PRODUCER, Verdict.CONSUMER) and level == "notice":
            level = "warning"
        file = one.where.file if one.where else f"contracts/{one.contract}.py"
        line = one.where.line if one.where else 1
        yield _line(level, file, line, f"{one.rule} {one.verdict}", _text(one))
    for mistake in report.mistakes or ():
        yield _line("error", mistake.file, mistake.line, "types", mistake.text)
    if report.order.sentence:
        yield f"::notice title=Order of deployment::{_escaped(report.order.sentence)}"


def _text(one: Finding) -> str:
    """The finding with the lines that it reaches, as one text."""
    said = [one.sentence]
    if one.verdict is not Verdict.SAFE:
        said.append(f"Mend: {one.mend}")
    said += [
        f"{consumer.service} ({consumer.use}) {consumer.where}"
        for consumer in one.consumers
        if not consumer.tests
    ]
    if one.waived:
        said.append(f"Waived: {one.waived}")
    return "\n".join([*said, f"More: ./dev contracts explain {one.rule}"])


def _line(level: str, file: str, line: int, title: str, text: str) -> str:
    place = f"file={_escaped(file, more=True)},line={line},title={_escaped(title, more=True)}"
    return f"::{level} {place}::{_escaped(text)}"


def _escaped(text: str, *, more: bool = False) -> str:
    """As GitHub reads it: a property may hold no colon or comma either."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if more else text
