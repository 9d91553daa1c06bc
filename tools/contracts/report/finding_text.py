"""One finding for people: what it is, the proof, how to mend it, and whom it reaches."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence

from tools.contracts.report.lines import INDENT, WIDTH, Page, places
from tools.contracts.rules.finding import Consumer, Finding, Proof
from tools.contracts.rules.verdict import Direction, Verdict

COLOURS = {
    Verdict.SAFE: "green",
    Verdict.PRODUCER: "cyan",
    Verdict.CONSUMER: "cyan",
    Verdict.LOOK: "yellow",
    Verdict.BREAKING: "red",
}
_TRAVELS = {Direction.REQ: "requests", Direction.RES: "answers", Direction.EVT: "events"}
_MESSAGE = {
    Direction.REQ: ("a request of {} client", "{} server"),
    Direction.RES: ("an answer of {} server", "{} client"),
    Direction.EVT: ("an event of {} publisher", "{} listener"),
}
_USES = {
    "unhandled": ("fails", "bold red"),
    "matched": ("matches", "bold"),
    "read": ("reads", "bold"),
    "written": ("writes", ""),
    "sent": ("asks", ""),
    "served": ("serves", ""),
    "heard": ("hears", ""),
    "unknown": ("may read", "yellow"),
    "parsed": ("only parses", "dim"),
}
_RANK = list(_USES)


def show_finding(one: Finding, page: Page) -> None:
    """Print the finding; its first line is `file:line RULE sentence`."""
    colour = "dim" if one.waived else COLOURS[one.verdict]
    page.hanging(f"{one.where} {one.rule} " if one.where else f"{one.rule} ", one.sentence, colour)
    ways = ", ".join(f"{_TRAVELS[way]} {verdict}" for way, verdict in one.verdicts.items())
    meaning = f"{one.verdict} {one.verdict.meaning}"
    page.labelled("verdict", meaning + (f": {ways}" if len(one.verdicts) > 1 else ""), colour)
    if one.waived:
        page.labelled("waived", one.waived)
    if one.verdict is not Verdict.SAFE:
        _show_proof(one, page)
        page.labelled("mend", one.mend)
    _show_consumers(one.consumers, page)
    if one.verdict is not Verdict.SAFE:
        page.labelled("more", f"./dev contracts explain {one.rule}", "dim")


def message(proof: Proof) -> str:
    """Whose message it is, and who reads it."""
    wrote, read = _MESSAGE[proof.direction]
    author = "somebody else's program" if proof.by_hand else f"the {proof.writer}"
    if proof.by_hand:
        wrote = wrote.partition(" of ")[0] + " of {}"
    return f"{wrote.format(author)}, read by {read.format(f'the {proof.reader}')}"


def _show_proof(one: Finding, page: Page) -> None:
    if one.proof is not None:
        page.labelled("proof", message(one.proof) + ":")
        page.labelled("", json.dumps(one.proof.payload, ensure_ascii=False), "cyan")
        page.labelled("", one.proof.outcome)
    elif one.unproved and one.verdict in (Verdict.BREAKING, Verdict.LOOK):
        page.labelled("proof", f"none: {one.unproved}")


def _show_consumers(consumers: Sequence[Consumer], page: Page) -> None:
    by_service: dict[str, list[Consumer]] = defaultdict(list)
    for one in consumers:
        if not one.tests:
            by_service[one.service].append(one)
    width = max((len(name) for name in by_service), default=0)
    for service, ones in sorted(by_service.items(), key=lambda item: _rank(item[1])):
        said = service
        for use, place, text in _rows(ones):
            word, style = _USES[use]
            head = f"{' ' * INDENT}{said:<{width}}  "
            line = f"{head}{word:<11} {place}"
            if len(line) > WIDTH:
                page.line(head, (word, style))
                page.line(" " * (INDENT + 4), place)
            else:
                code = f"  {text}" if text and len(line) + len(text) + 2 <= WIDTH else ""
                page.line(head, (f"{word:<11}", style), f" {place}", (code, "dim"))
            said = ""
    counted = Counter(one.service for one in consumers if one.tests)
    if counted:
        said = ", ".join(f"{service} {number}" for service, number in sorted(counted.items()))
        page.labelled("tests", said, "dim")


def _rows(ones: Sequence[Consumer]) -> list[tuple[str, str, str]]:
    """For each use and file a row: the use, `file:3, 7`, and the code where there is only one line."""
    rows = []
    for use in _RANK:
        same = [one for one in ones if one.use == use]
        for place in places([(one.where.file, one.where.line) for one in same]):
            here = {one.text for one in same if place == str(one.where)}
            gone = any(one.gone and str(one.where) == place for one in same)
            text = here.pop() if len(here) == 1 else ""
            rows.append((use, place, f"{text} (until now)" if gone else text))
    return rows


def _rank(ones: Sequence[Consumer]) -> tuple[int, str]:
    return min(_RANK.index(one.use) for one in ones), ones[0].service
