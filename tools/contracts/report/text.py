"""The report for people: 80 columns, coloured on a terminal."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console

from tools.contracts.readers.model import place_of
from tools.contracts.report.finding_text import COLOURS, show_finding
from tools.contracts.report.lines import Page, listed, many, places
from tools.contracts.report.model import Report
from tools.contracts.rules.verdict import Verdict

_MOST_MISTAKES = 5


def show(report: Report, out: Console) -> None:
    """Print the report."""
    page = Page(out)
    _head(report, page)
    for problem in report.problems:
        page.hanging(f"{problem.where} ", problem.sentence, "red")
    for finding in report.findings:
        page.blank()
        show_finding(finding, page)
    if sentence := report.order.sentence:
        page.blank()
        page.heading("Order of deployment")
        page.paragraph(sentence[0].upper() + sentence[1:] + ".", indent=2)
    if report.changed:
        page.blank()
        _rebuilt(report, page)
    for note in report.notes:
        page.blank()
        page.paragraph(f"note: {note}", "yellow")
    if report.findings or report.problems:
        page.blank()
        _end(report, page)


def _head(report: Report, page: Page) -> None:
    since = f"{report.against} ({report.commit[:8]})"
    if report.commit.startswith(report.against):
        since = report.commit[:8]
    if not report.changed:
        page.line((f"Nothing changed since {since}.", "green"))
    elif not report.findings and not report.problems:
        page.line(("Nothing changed on the wire.", "green"))
        what = listed(list(report.pages)) if report.pages else "No contract"
        page.paragraph(f"{what} changed since {since}.", "dim")
    else:
        counts = ", ".join(f"{number} {verdict}" for verdict, number in report.counts.items())
        page.heading(f"Since {since}: {many(len(report.findings), 'finding')}: {counts}")


def _rebuilt(report: Report, page: Page) -> None:
    """What Pants makes anew, and how it stands with the types and tests of each."""
    rebuilt = {one.service: one for one in report.rebuilt}
    mistakes: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for mistake in report.mistakes or ():
        place = place_of(mistake.file).removeprefix("services/")
        mistakes[place].append((mistake.file, mistake.line))
    if not rebuilt and not mistakes:
        page.paragraph("Pants rebuilds no PEX and no image: what changed is in none.")
        return
    names = [*rebuilt, *(place for place in sorted(mistakes) if place not in rebuilt)]
    width = max(len(name) for name in (*names, "SERVICE"))
    page.line((f"{'SERVICE':<{width}}  REBUILT        TYPES      TESTS", "dim"))
    for name in names:
        made = "PEX and image" if name in rebuilt else "-"
        said, colour = _types(report, len(mistakes[name]))
        tests = report.tests.get(name)
        ran = "not asked"
        if tests is not None:
            ran = many(len(tests.failed), "failure") if tests.failed else f"{tests.passed} passed"
        page.line(
            f"{name:<{width}}  {made:<13}  ",
            (f"{said:<9}", colour),
            "  ",
            (ran, "red" if tests and tests.failed else "dim" if tests is None else "green"),
        )
    causes = sorted({cause for one in report.rebuilt for cause in one.causes})
    if causes:
        page.paragraph(f"for {listed(causes)}", "dim")
    _mistakes(report, page)


def _types(report: Report, number: int) -> tuple[str, str]:
    if report.mistakes is None:
        return "not asked", "dim"
    return (many(number, "error"), "red") if number else ("ok", "green")


def _mistakes(report: Report, page: Page) -> None:
    """What the type check says, the shop's own code first: those lines are to be mended too."""
    shown = sorted(
        report.mistakes or (), key=lambda one: ("/tests/" in one.file, one.file, one.line)
    )
    own = [one for one in shown if "/tests/" not in one.file and not one.file.startswith("e2e/")]
    if shown:
        page.blank()
    for one in own:
        page.hanging(f"{one.file}:{one.line} ", one.text)
    for place in places([(one.file, one.line) for one in shown if one not in own]):
        page.line((f"{place}", "dim"))


def _end(report: Report, page: Page) -> None:
    stops = report.forbidding
    if report.problems:
        page.paragraph(
            "The merge is forbidden: first mend what the check cannot do without.", "bold red"
        )
    elif stops:
        verdicts = ", ".join(
            f"{number} {verdict}"
            for verdict in Verdict
            if (number := sum(one.verdict is verdict for one in stops))
        )
        page.paragraph(
            f"The merge is forbidden by {many(len(stops), 'finding')} ({verdicts}): mend, or waive "
            "beside the contract with reason, owner and expiry.",
            "bold red",
        )
    elif report.order.waves:
        page.paragraph(
            "Fine to merge; deploy in the order above.", f"bold {COLOURS[Verdict.PRODUCER]}"
        )
    else:
        page.paragraph("Fine to merge, and to deploy in any order.", "bold green")
