"""`./dev`: run and look after the system on this machine."""

import json
import os
import sys
import time
import traceback
from enum import StrEnum
from typing import Annotated

import typer

from tools.contracts import cli as contracts
from tools.dev import show, up_down
from tools.dev.errors import Refusal
from tools.dev.places import HERE
from tools.dev.system import Options

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, also in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run and look after the system on this machine.",
    epilog="For example: ./dev up -d, then ./dev status, then ./dev logs users -f",
)
app.add_typer(contracts.app, name="contracts")


class Ports(StrEnum):
    documented = "documented"
    auto = "auto"


@app.command(epilog="For example: ./dev up -d; ./dev up --watch; ./dev up --together --ports auto")
def up(
    background: Annotated[
        bool, typer.Option("-d", "--detach", help="Run in the background; return when ready.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Restart a service when its own or imported files change."),
    ] = False,
    packaged: Annotated[
        bool, typer.Option("--packaged", help="Run the PEXes in dist/ instead of the sources.")
    ] = False,
    together: Annotated[
        bool, typer.Option("--together", help="Run all services in one process.")
    ] = False,
    ports: Annotated[
        Ports, typer.Option(help="auto: choose others where the documented ones are taken.")
    ] = Ports.documented,
) -> None:
    """Start everything; without -d show the logs until Ctrl-C ends it."""
    if watch and packaged:
        raise Refusal("--watch is for sources; leave out --packaged or --watch", code=2)
    if together and packaged:
        raise Refusal("--together is for sources; leave out --packaged or --together", code=2)
    avoid = ports is Ports.auto
    options = Options(packaged=packaged, watch=watch, avoid_taken_ports=avoid, together=together)
    up_down.up(HERE, options, background=background)


@app.command(epilog="For example: ./dev down")
def down() -> None:
    """Stop everything; the data stays in .dev/."""
    up_down.down(HERE)


@app.command(epilog="For example: ./dev status; ./dev status --json")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what runs. Exits with 0 when all is ready, 3 when something is not, 1 when not running."""
    from tools.dev.status import NOT_RUNNING
    from tools.dev.status import status as ask

    found, code = ask(HERE)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        show.status_table(found)
        if code == NOT_RUNNING:
            show.err.print("dev: not running; start it with ./dev up -d")
    raise typer.Exit(code)


@app.command(epilog="For example: ./dev logs; ./dev logs users -f; ./dev logs postgres -n 200")
def logs(
    service: Annotated[
        str | None,
        typer.Argument(help="users, users.web, mail, postgres, dev, ...; all if left out."),
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as they come.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many lines.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Lines as they were written.")] = False,
) -> None:
    """Show the logs of one service or of all."""
    from tools.dev import logs as reader

    def print_line(line: reader.Line) -> None:
        if as_json:
            print(line.text)
        else:
            show.out.print(reader.render(line), soft_wrap=True)

    names = reader.sources(HERE, service)
    for line in reader.last(HERE, names, lines):
        print_line(line)
    if follow:
        for new in reader.follow(HERE, names):
            if new is not None:
                print_line(new)
            else:
                sys.stdout.flush()


@app.command(epilog="For example: ./dev doctor")
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for what keeps the system from running here. Exits with 4 when something is wrong."""
    from dataclasses import asdict

    from rich.markup import escape

    from tools.dev.doctor import examine

    findings = examine(HERE)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            word = "[green]ok [/]" if finding.well else "[red]bad[/]"
            show.out.print(f"{word} {finding.what:<11} {escape(finding.detail)}")
            if not finding.well:
                show.out.print(f"    {'':<11} next: {escape(finding.remedy)}")
    raise typer.Exit(0 if all(finding.well for finding in findings) else 4)


@app.command(epilog="For example: ./dev fake orders --port 9003; ./dev fake users catalog orders")
def fake(
    services: Annotated[list[str], typer.Argument(help="users, catalog, orders, ...")],
    port: Annotated[
        int | None,
        typer.Option(help="Where the first listens, the others after it; else as documented."),
    ] = None,
    seed: Annotated[str, typer.Option(help="Another one gives other things.")] = "1",
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds until an order is confirmed, and the like.")
    ] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Answer as services do, from their contracts alone, for who works on a page. Ctrl-C ends it."""
    from tools.fake.serving import serve_fakes

    serve_fakes(HERE.root, services, port=port, seed=seed, settle_s=settle, as_json=as_json)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def faults(context: typer.Context) -> None:
    """Hurt a shop of its own in every way that it promises to bear. `faults --help` says how."""
    # A program of its own: what runs a developer's system need not know what breaks one.
    command = [sys.executable, "-m", "tools.faults", *context.args]
    sys.stdout.flush()
    os.execv(sys.executable, command)


@app.command(hidden=True)
def supervise(
    watch: bool = False,
    packaged: bool = False,
    avoid_taken_ports: bool = False,
    together: bool = False,
) -> None:
    """The background half of `up -d`."""
    up_down.supervise(HERE, Options(packaged, watch, avoid_taken_ports, together))


def main() -> None:
    """Runs one command; every way it can end is an exit code and at most one sentence."""
    try:
        HERE.make()
        app(prog_name="dev")
    except Refusal as refusal:
        show.say(f"dev: {refusal}")
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `./dev logs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        report = HERE.logs / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        try:
            report.write_text(traceback.format_exc())
            where = f"its traceback is in {report}"
        except OSError as unwritable:
            where = f"its traceback could not be kept: {unwritable}"
        show.say(f"dev: stopped by {type(error).__name__}: {error}; {where}. Try ./dev doctor")
        sys.exit(1)


if __name__ == "__main__":
    main()
