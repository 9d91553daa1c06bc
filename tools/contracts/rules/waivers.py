"""Waivers: findings that somebody answers for, in `contracts/SERVICE/waivers.toml`.

    [[waiver]]
    rule = "F03"
    field = "v1.Order.detail"
    reason = "the app that showed it is gone since May"
    owner = "orders"
    expires = 2027-01-31

One names one rule at one place, as the finding says it. After its day it fails the check, so that nothing
is waived for good without a word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from tools.contracts.form.model import Place
from tools.contracts.rules.finding import Finding
from tools.contracts.rules.table import RULES

_WORDS = ("rule", "field", "reason", "owner")
_LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One rule at one place of one contract, with who answers for it, why, and until when."""

    contract: str
    rule: str
    field: str
    reason: str
    owner: str
    expires: date
    where: Place

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return (self.contract, self.rule, self.field) == (
            finding.contract,
            finding.rule,
            finding.place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a waiver. `fails` when the check may not pass with it."""

    where: Place
    sentence: str
    fails: bool = True


@dataclass(frozen=True, slots=True)
class Waived:
    """The findings, those that are waived with the reason, and what is wrong with waivers."""

    findings: tuple[Finding, ...]
    complaints: tuple[Complaint, ...]


def waived(root: Path, findings: Iterable[Finding], today: date) -> Waived:
    """The findings under the waivers of the tree. One that finds nothing to waive is told of and does no
    harm: the change that it was for has been merged."""
    read = [
        one
        for file in sorted(root.glob("contracts/*/waivers.toml"))
        for one in _read(root, file, today)
    ]
    complaints = [one for one in read if isinstance(one, Complaint)]
    waivers = [one for one in read if isinstance(one, Waiver)]
    used: set[Place] = set()
    told = []
    for finding in findings:
        waiver = next((one for one in waivers if one.covers(finding)), None)
        if waiver is not None:
            used.add(waiver.where)
            said = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
            finding = replace(finding, waived=said)
        told.append(finding)
    for one in waivers:
        if one.where not in used:
            sentence = f"nothing to waive: no {one.rule} at {one.field} any more; remove it"
            complaints.append(Complaint(where=one.where, sentence=sentence, fails=False))
    return Waived(tuple(told), tuple(complaints))


def _read(root: Path, file: Path, today: date) -> Iterator[Waiver | Complaint]:
    text = file.read_text(encoding="utf-8")
    path = file.relative_to(root).as_posix()
    lines = [
        n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[waiver\]\]", line)
    ]
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield Complaint(where=Place(path, 1), sentence=f"this is no TOML: {error}")
        return
    if others := sorted(set(said) - {"waiver"}):
        sentence = f"{', '.join(others)} means nothing here; say [[waiver]]"
        yield Complaint(where=Place(path, 1), sentence=sentence)
    entries = said.get("waiver", [])
    if not isinstance(entries, list):
        yield Complaint(where=Place(path, 1), sentence="say [[waiver]], with two brackets")
        return
    for entry, line in zip(entries, lines, strict=False):
        where = Place(path, line)
        if fault := _fault(entry, today):
            yield Complaint(where=where, sentence=fault)
        else:
            version, _, place = entry["field"].partition(".")
            yield Waiver(
                contract=f"{file.parent.name}/{version}",
                rule=entry["rule"],
                field=place,
                reason=entry["reason"],
                owner=entry["owner"],
                expires=entry["expires"],
                where=where,
            )


def _fault(entry: Mapping[str, Any], today: date) -> str | None:
    """What is wrong with an entry, and what to say instead."""
    for name in _WORDS:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            return f'a waiver says {name} = "..."; without it nobody can judge it'
    if unknown := sorted(set(entry) - {*_WORDS, "expires"}):
        return f"{', '.join(unknown)} means nothing here"
    if entry["rule"] not in RULES:
        return f"there is no rule {entry['rule']}; ./dev contracts explain lists them"
    if not re.match(r"[a-z][a-z0-9_]*\.\S", entry["field"]):
        return f'field = {entry["field"]!r} names no place; say "v1.Order.total"'
    expires = entry.get("expires")
    if type(expires) is not date:
        return "a waiver says until when: expires = 2027-01-31"
    if expires < today:
        return f"this waiver of {entry['rule']} at {entry['field']} ended on {expires} ({entry['owner']})"
    if (expires - today).days > _LONGEST_DAYS:
        return f"{expires} is more than a year away; nobody remembers so long"
    return None
