"""`./dev contracts can-deploy SERVICE`: this checkout against what really runs, without any broker."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from libs.access import ServiceTokens
from libs.access.keys import load_private
from libs.web.uses import uses
from tools.contracts.deploy.history import newer
from tools.contracts.deploy.matrix import Cell, May, Row, Way, row
from tools.contracts.deploy.running import Built, Unknown, ask
from tools.contracts.deploy.uses import services
from tools.contracts.form import Broken, Tree
from tools.contracts.form.model import Page
from tools.dev import keys
from tools.dev.errors import Refusal
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.state import running

FINE, FINDINGS, NOT_READY = 0, 4, 3


def can_deploy(root: Path, service: str, to: Sequence[str] = (), *, as_json: bool = False) -> int:
    """Print the matrix; 0 when the service may be deployed, 4 when not, 3 when something that is asked
    doesn't answer. `to` are addresses, those of the running `./dev up` if there are none. Raises
    Refusal."""
    names = services(root)
    if service not in names:
        raise Refusal(f"there is no service {service}; there are {', '.join(names)}", code=2)
    places = Places(root)
    addresses = tuple(to) or _addresses(places)
    keys.make_service_keys(places, [keys.DEV])
    tokens = ServiceTokens(keys.DEV, load_private(places.secrets / "private" / f"{keys.DEV}.pem"))
    ours = _of_checkout(root, service)
    rows: list[Row] = []
    silent: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=8) as pool:
        asked = {url: pool.submit(ask, url, names, tokens.token_for) for url in addresses}
    for url, answer in asked.items():
        try:
            theirs = answer.result()
        except Unknown as unknown:
            name = _named(url, places)
            if unknown.answers and name != service:
                cells = {
                    way: Cell(May.UNKNOWN, why=str(unknown)) for way in _possible(root, ours, name)
                }
                if cells:
                    rows.append(Row(name, cells))
            elif not unknown.answers:
                silent[name] = str(unknown)
            continue
        if theirs.service == service:
            continue
        ahead = [page for page, form in theirs.texts.items() if newer(root, page, form)]
        found = row(ours, theirs, ahead)
        if found.cells:
            rows.append(found)
    rows.sort(key=lambda one: one.neighbour)
    fine = all(cell.may is May.YES for one in rows for cell in one.cells.values())
    if as_json:
        print(json.dumps(_as_json(service, rows, silent, fine=fine), indent=2, ensure_ascii=False))
    else:
        _show(service, rows, silent, fine=fine)
    if silent:
        return NOT_READY
    return FINE if fine else FINDINGS


def _addresses(places: Places) -> tuple[str, ...]:
    state = running(places)
    if state is None:
        raise Refusal(
            "nothing runs here to compare with; start it with ./dev up -d, or say --to URL",
            code=NOT_READY,
        )
    return tuple(_webs(state.ports))


def _webs(ports: Mapping[str, int]) -> dict[str, str]:
    """The address of each service that serves, with its name."""
    return {
        f"http://{HOST}:{port}": name.removesuffix(".web")
        for name, port in ports.items()
        if name.endswith(".web")
    }


def _named(url: str, places: Places) -> str:
    state = running(places)
    return _webs(state.ports).get(url, url) if state else url


def _of_checkout(root: Path, service: str) -> Built:
    """What the service would say, were it built now. Raises Refusal when a page is broken."""
    pages: dict[str, Page] = {}
    with Tree.of(root) as tree:
        for module, page in tree.pages().items():
            if isinstance(page, Broken):
                raise Refusal(f"{page.where} {page.sentence}", code=FINDINGS)
            pages[module] = page
    language = {module: page for module, page in pages.items() if page.service == "core"}
    own = {module: page for module, page in pages.items() if page.service == service}
    used = uses(root / "services" / service)
    known = {m: pages[m] for m in used if m in pages and pages[m].service != service}
    return Built(service=service, serves=own | language, knows=known | language, uses=used)


def _possible(root: Path, ours: Built, neighbour: str) -> list[Way]:
    """The ways on which the two speak, as far as the checkout tells."""
    used = uses(root / "services" / neighbour)
    theirs = Built(
        service=neighbour,
        serves={m: page for m, page in ours.knows.items() if page.service == neighbour},
        knows={m: page for m, page in ours.serves.items() if m in used},
        uses=used,
    )
    return list(row(ours, theirs).cells)


def _show(service: str, rows: Sequence[Row], silent: Mapping[str, str], *, fine: bool) -> None:
    width = max(len(name) for name in (service, *(one.neighbour for one in rows)))
    if rows:
        print(f"{service:<{width}}  " + "  ".join(f"{way.value:<12}" for way in Way).rstrip())
    for one in rows:
        cells = (one.cells[way].may.value if way in one.cells else "-" for way in Way)
        print(f"{one.neighbour:<{width}}  " + "  ".join(f"{said:<12}" for said in cells).rstrip())
    for one in rows:
        for way, cell in one.cells.items():
            if cell.may is not May.YES:
                print()
                _explain(service, one.neighbour, way, cell)
    for name, why in silent.items():
        print(f"{name} is not asked: {why}", file=sys.stderr)
    if silent:
        return
    print()
    print(f"{service} {'may' if fine else 'may not'} be deployed.")


def _explain(service: str, neighbour: str, way: Way, cell: Cell) -> None:
    meeting = {
        Way.ITS_REQUESTS: f"{neighbour}, as it runs, asks this {service}",
        Way.OUR_REQUESTS: f"this {service} asks {neighbour}, as it runs",
        Way.OUR_EVENTS: f"{neighbour}, as it runs, reads events of this {service}",
        Way.ITS_EVENTS: f"this {service} reads events of {neighbour}, as it runs",
    }[way]
    next_step = {
        May.THEY_FIRST: f"deploy {neighbour} first",
        May.NO: "in no order",
        May.UNKNOWN: cell.why,
    }[cell.may]
    _print(f"{meeting}: {next_step}")
    for finding in cell.findings:
        field = f".{finding.field}" if finding.field else ""
        place = f"{finding.where} " if finding.where else ""
        _print(
            f"{place}{finding.rule} {finding.verdict.value} {finding.subject}{field}: {finding.sentence}",
            indent="  ",
        )


def _print(text: str, indent: str = "") -> None:
    print(
        "\n".join(
            textwrap.wrap(
                text,
                80,
                initial_indent=indent,
                subsequent_indent=indent + "  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    )


def _as_json(service: str, rows: Sequence[Row], silent: Mapping[str, str], *, fine: bool) -> Any:
    return {
        "service": service,
        "may_deploy": fine and not silent,
        "neighbours": {
            one.neighbour: {
                way.value.replace(" ", "_"): {
                    "may": cell.may.value,
                    "why": cell.why,
                    "findings": [
                        {
                            "rule": finding.rule,
                            "verdict": finding.verdict.value,
                            "contract": finding.contract,
                            "subject": finding.subject,
                            "field": finding.field,
                            "where": str(finding.where) if finding.where else None,
                            "sentence": finding.sentence,
                        }
                        for finding in cell.findings
                    ],
                }
                for way, cell in one.cells.items()
            }
            for one in rows
        },
        "silent": dict(silent),
    }
