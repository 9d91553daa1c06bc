"""What the user sees: lines that fit 80 columns, coloured on a terminal only."""

import os
import sys
import textwrap
from collections.abc import Mapping
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.dev.ports import HOST
from tools.dev.seeding import ADMIN, DEMO
from tools.dev.state import State

_URLS = 6
# Whom a developer visits, before services that only listen.
_VISITED = ("storefront", "users", "catalog", "orders", "payments")
_MARKS = {"done": ("✓", "green"), "note": ("·", "dim"), "bad": ("!", "yellow")}
_COLOURS = {"ready": "green", "starting": "yellow", "failed": "red", "stopped": "dim"}

# rich takes NO_COLOR for "no colours" and would still write bold: it is to be plain text.
_COLOUR_SYSTEM: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"

out = Console(highlight=False, soft_wrap=True, color_system=_COLOUR_SYSTEM)
err = Console(highlight=False, soft_wrap=True, color_system=_COLOUR_SYSTEM, stderr=True)


def progress(kind: str, text: str, seconds: float) -> None:
    """One step of `up`, on stderr: it is news and not the answer."""
    mark, colour = _MARKS.get(kind, _MARKS["note"])
    if not _writes_unicode():
        mark = {"✓": "ok", "·": "-"}.get(mark, mark)
    if kind == "done":
        err.print(f"  [{colour}]{mark}[/] {escape(text):<40} {seconds:6.1f} s")
    else:
        wide = textwrap.wrap(text, 76, break_long_words=False, break_on_hyphens=False)
        err.print(f"  [{colour}]{mark}[/] {escape(wide[0])}")
        for part in wide[1:]:
            err.print(f"    {escape(part)}")


def say(sentence: str) -> None:
    """A sentence on stderr, in lines of at most 80 columns."""
    for line in sentence.split("\n"):
        wide = textwrap.wrap(line, 80, break_long_words=False, break_on_hyphens=False)
        for part in wide or [""]:
            err.print(part, markup=False)


def summary(state: State, seconds: float) -> None:
    """Where to go now: at most six addresses and the demo login."""
    names = [name.removesuffix(".web") for name in state.ports if name.endswith(".web")]
    addresses = {name: f"http://{HOST}:{state.ports[f'{name}.web']}" for name in names}
    first = [name for name in _VISITED if name in addresses]
    others = [name for name in names if name not in first]
    tools = 2 if "provider" in state.ports else 1
    shown = [*first, *others][: _URLS - tools]
    if seconds:
        err.print(f"[bold]Ready in {seconds:.1f} s[/]\n")
    for name in shown:
        out.print(f"  {name:<15} {addresses[name]}")
    out.print(f"  {'mail':<15} http://{HOST}:{state.ports['mail']}")
    if "provider" in state.ports:
        out.print(f"  {'ledger':<15} http://{HOST}:{state.ports['provider']}")
    if "users" in addresses:
        out.print(f"  {'demo login':<15} {DEMO.email}  {DEMO.password}")
        out.print(f"  {'admin login':<15} {ADMIN.email}  {ADMIN.password}")


def status_table(found: Mapping[str, object]) -> None:
    """The answer of `status` for people."""
    rows: list[tuple[str, str, str, str]] = []
    services = found["services"]
    assert isinstance(services, dict)
    for name, service in services.items():
        pids = "  ".join(f"{role} {pid or '-'}" for role, pid in service["pids"].items())
        rows.append((name, service["state"], service["url"], pids))
    for name, server in found.items():
        if isinstance(server, dict) and name != "services":
            rows.append((name, server["state"], server["url"], str(server["pid"] or "-")))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("NAME", "STATE", "URL", "PID"):
        table.add_column(title, no_wrap=True)
    for name, state, url, pids in rows:
        table.add_row(name, f"[{_COLOURS[state]}]{state}[/]", url, pids)
    out.print(table, soft_wrap=True)


def _writes_unicode() -> bool:
    return (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"
