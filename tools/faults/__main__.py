"""`./dev faults`: hurt a running shop in every way that it promises to bear, and judge it."""

from __future__ import annotations

import json
import secrets
import signal
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from tools.dev import show
from tools.dev.catalog import services_of
from tools.dev.errors import Refusal
from tools.dev.places import HERE
from tools.faults.fault import Fault
from tools.faults.faults import all_faults
from tools.faults.harness import Harness, chosen
from tools.faults.live import Board
from tools.faults.report import as_html, machine, summary
from tools.faults.report import as_json as as_json_text
from tools.faults.world import World

_PROBLEMS = 4
_NAME = 29  # columns


def faults(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="This one; repeatable.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Say what there is, run none.")] = False,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="So long each fault lasts, at least.")
    ] = 12.0,
    seed: Annotated[
        int | None, typer.Option(help="Of the customers and the nemesis; chosen if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report, for programs.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the shop keeps its data and logs; .dev/faults.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where the report's page is put; .dev/faults.html.")
    ] = None,
) -> None:
    """Hurt a running shop and judge what becomes of it. Exits with 0 when every invariant held, 4
    when one did not."""
    services = services_of(HERE.root)
    known = all_faults(
        [service.name for service in services if service.has_database],
        [service.name for service in services if not service.has_database],
    )
    picked = chosen(known, only or [])
    if list_them:
        _list(picked, as_json)
        return
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    show.err.print(f"[dim]seed {seed}; {len(picked)} faults of {seconds:g} s each, or longer[/]")
    page = report or HERE.dev / "faults.html"
    with World(folder and folder.resolve(), tell=_started) as world:
        with Board(show.err, len(picked)) as board:
            harness = Harness(world, seed=seed, seconds=seconds, watcher=board)
            board.watch(harness.history)
            run = harness.run(picked)
    where = machine()
    page.write_text(as_html(run, where), encoding="utf-8")
    if as_json:
        print(as_json_text(run, where))
    else:
        show.out.print(summary(run))
    show.err.print(f"The report is {page}", markup=False)
    raise typer.Exit(0 if run.held else _PROBLEMS)


def _list(picked: list[Fault], as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"name": each.name, "what": each.what} for each in picked], indent=1))
    else:
        for each in picked:
            first, *more = textwrap.wrap(each.what, 80 - _NAME) or [""]
            show.out.print(f"{each.name:<{_NAME}}{first}", markup=False)
            for line in more:
                show.out.print(" " * _NAME + line, markup=False)


def _started(line: str) -> None:
    show.err.print(f"[dim]  {line}[/]")


def main() -> None:
    """Every way it can end is an exit code and at most one sentence."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(epilog="For example: ./dev faults --only kill-postgres --seconds 20 --seed 7")(
        faults
    )
    try:
        app(prog_name="dev faults")
    except Refusal as refusal:
        show.say(f"dev: {refusal}")
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        show.say("dev: interrupted; nothing is left running")
        sys.exit(130)


if __name__ == "__main__":
    main()
