"""Which services of this checkout were built against which page, and what they use of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from libs.web.uses import uses
from tools.contracts.form.model import Page
from tools.contracts.rules.compare import compare
from tools.contracts.rules.finding import Finding


def services(root: Path) -> tuple[str, ...]:
    """The services of the checkout, sorted."""
    return tuple(sorted(path.parent.name for path in root.glob("services/*/main.py")))


def knowing(root: Path) -> Mapping[str, frozenset[str]]:
    """For each contract (`orders/v1`) the services of the checkout that were built against it, whoever keeps
    it aside; all of them for the language."""
    found: dict[str, set[str]] = {}
    names = services(root)
    for service in names:
        for page in uses(root / "services" / service):
            owner, version = page.split(".")[1:3]
            if owner != service:
                found.setdefault(f"{owner}/{version}", set()).add(service)
    for page in ("chassis", "feed", "forms"):
        found[f"core/{page}"] = set(names)
    return {contract: frozenset(services) for contract, services in found.items()}


def used_part(
    page: Page, names: Collection[str] | None, *, requests: bool = True, events: bool = True
) -> Page:
    """The page without what is not among the names; None are all. With its requests and what they
    are refused by, or its events, or both."""
    operations = tuple(o for o in page.operations if names is None or o.name in names)
    refusals = {problem for operation in operations for problem in operation.problems}
    return replace(
        page,
        operations=operations if requests else (),
        problems=tuple(p for p in page.problems if p.type in refusals) if requests else (),
        events=tuple(e for e in page.events if names is None or e.name in names) if events else (),
    )


def touching(
    root: Path, pairs: Iterable[tuple[Page | None, Page | None]]
) -> Callable[[Finding, str], bool]:
    """Whether a finding about these pages, old and new, is about something that a service of the
    checkout uses: an operation that it asks, an event that it reads."""
    by_contract = {
        f"{one.service}/{one.version}": (old, new)
        for old, new in pairs
        if (one := new or old) is not None
    }

    @cache
    def used(service: str) -> Mapping[str, frozenset[str] | None]:
        found = uses(root / "services" / service)
        return {"/".join(page.split(".")[1:3]): names for page, names in found.items()}

    @cache
    def about(contract: str, service: str) -> frozenset[tuple[str, str, str, str]] | None:
        old, new = by_contract[contract]
        names = used(service).get(contract)
        if old is None or new is None or names is None:
            return None
        return frozenset(map(_what, compare(used_part(old, names), used_part(new, names))))

    def touches(finding: Finding, service: str) -> bool:
        if finding.contract not in by_contract:
            return True
        known = about(finding.contract, service)
        return known is None or _what(finding) in known

    return touches


def _what(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.case, finding.subject, finding.field
