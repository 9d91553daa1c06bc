"""What the user sees: lines that fit 80 columns, coloured on a terminal only."""

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.dev.ports import HOST
from tools.dev.seeding import ADMIN_EMAIL, ADMIN_PASSWORD, DEMO_EMAIL, DEMO_PASSWORD
from tools.dev.state import State

_URLS = 6
_MARKS = {"done": ("✓", "green"), "note": ("·", "dim"), "bad": ("!", "yellow")}
_COLOURS = {"ready": "green", "starting": "yellow", "failed": "red", "stopped": "dim"}

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def progress(kind: str, text: str, seconds: float) -> None:
    """One step of `up`, on stderr: it is news and not the answer."""
    mark, colour = _MARKS.get(kind, _MARKS["note"])
    if not _writes_unicode():
        mark = {"✓": "ok", "·": "-"}.get(mark, mark)
    if kind == "done":
        err.print(f"  [{colour}]{mark}[/] {escape(text):<40} {seconds:6.1f} s")
    else:
        err.print(f"  [{colour}]{mark}[/] {escape(text)}")


def summary(state: State, seconds: float) -> None:
    """Where to go now: at most six addresses and the demo login."""
    names = [name.removesuffix(".web") for name in state.ports if name.endswith(".web")]
    addresses = {name: f"http://{HOST}:{state.ports[f'{name}.web']}" for name in names}
    first = [name for name in ("storefront", "users") if name in addresses]
    shown = [*first, *(name for name in names if name not in first)][: _URLS - 1]
    if seconds:
        err.print(f"[bold]Ready in {seconds:.1f} s[/]\n")
    for name in shown:
        out.print(f"  {name:<15} {addresses[name]}")
    out.print(f"  {'mail':<15} http://{HOST}:{state.ports['mail']}")
    if "provider" in state.ports:
        out.print(f"  {'ledger':<15} http://{HOST}:{state.ports['provider']}")
    if "users" in addresses:
        out.print(f"  {'demo login':<15} {DEMO_EMAIL}  {DEMO_PASSWORD}")
        out.print(f"  {'admin login':<15} {ADMIN_EMAIL}  {ADMIN_PASSWORD}")


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
