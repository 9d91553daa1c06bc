"""What a program was to show, and whether it did: on standard output and as a JUnit report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree


def judged(suite: str, claims: Mapping[str, bool], junit: Path | None) -> int:
    """Tell each claim and whether it holds. Returns the exit code: 0 when all do."""
    for claim, holds in claims.items():
        print("so:    " if holds else "NOT SO:", claim)
    if junit:
        _write(suite, claims, junit)
    return 0 if all(claims.values()) else 1


def _write(name: str, claims: Mapping[str, bool], path: Path) -> None:
    suite = ElementTree.Element("testsuite", name=name)
    for claim, holds in claims.items():
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=claim)
        if not holds:
            ElementTree.SubElement(case, "failure", message="see what was printed")
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
