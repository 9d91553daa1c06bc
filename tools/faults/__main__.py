"""`./dev faults`: hurt a running shop in every way that it promises to bear, and judge it."""

from __future__ import annotations

import json
import secrets
import signal
import sys
import textwrap
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tools.dev import show
from tools.dev.catalog import services_of
from tools.dev.errors import Refusal
from tools.dev.places import HERE
from tools.faults import ending, ground
from tools.faults.fault import Fault
from tools.faults.faults import all_faults
from tools.faults.harness import Harness, chosen
from tools.faults.live import Board
from tools.faults.world import World

_INTERRUPTED = 130
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
    """Hurt a running shop and judge what becomes of it.

    \b
    Exits with
      0    every fault that ran held
      1    it could not be done, and a sentence says why
      2    wrong usage: a name that there is not, a folder that is not ours
      3    nothing was judged: whatever was asked for could not be run here
      4    an invariant broke
      130  interrupted; the report has what was done until then
    """
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
    page = report or HERE.dev / "faults.html"
    world = World(folder, tell=_started)
    ground.claim(world.places)
    ending.make_way(page)
    show.err.print(f"[dim]seed {seed}; {len(picked)} faults of {seconds:g} s each, or longer[/]")
    harness: Harness | None = None
    try:
        with world, Board(show.err, len(picked)) as board:
            harness = Harness(world, seed=seed, seconds=seconds, watcher=board)
            board.watch(harness.history)
            try:
                run = harness.run(picked)
            except KeyboardInterrupt:
                show.err.print("[dim]interrupted; ending the shop[/]")
                raise
    except BaseException as error:
        if harness is not None:  # what was done until then took its time
            so_far = replace(harness.so_far(), interrupted=True)
            ending.hand_over(so_far, page, as_json=as_json)
        if not isinstance(error, KeyboardInterrupt):
            raise
        show.say("dev: interrupted; nothing is left running")
        raise typer.Exit(_INTERRUPTED) from None
    ending.hand_over(run, page, as_json=as_json)
    raise typer.Exit(ending.code(run))


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
    except Exception as error:
        told = HERE.dev / "faults-crash.txt"
        told.parent.mkdir(exist_ok=True)
        told.write_text(traceback.format_exc(), encoding="utf-8")
        show.say(
            f"dev: stopped by a bug of ./dev faults, {type(error).__name__}: {error}; its traceback "
            f"is in {told}. Please report it, with the seed"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
