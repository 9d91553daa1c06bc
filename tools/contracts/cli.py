"""`./dev contracts`: what a change of a contract breaks, where, why, and in which order to deploy."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tools.dev.errors import Refusal
from tools.dev.places import HERE

app = typer.Typer(
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See what a change of a contract breaks, where, why, and in which order to deploy.",
    epilog="For example: ./dev contracts; ./dev contracts --against HEAD~3 --format json",
)


class Format(StrEnum):
    text = "text"
    json = "json"
    github = "github"
    junit = "junit"


@app.callback(invoke_without_command=True)
def contracts(
    context: typer.Context,
    against: Annotated[
        str | None, typer.Option(help="A commit, branch or tag instead of where main was left.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="github: annotations; junit: for CI.")
    ] = Format.text,
    as_json: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
    no_types: Annotated[bool, typer.Option("--no-types", help="Leave the type check out.")] = False,
    tests: Annotated[
        bool, typer.Option("--test", help="Run the tests of what is rebuilt, by ./pants.")
    ] = False,
) -> None:
    """Compare the checkout with main. Exits with 4 when a finding forbids the merge."""
    if context.invoked_subcommand is not None:
        return
    from tools.contracts.command import run

    wanted = Format.json if as_json else form
    raise typer.Exit(run(HERE.root, against, wanted.value, types=not no_types, tests=tests))


@app.command(epilog="For example: ./dev contracts unread; ./dev contracts unread orders")
def unread(
    service: Annotated[str | None, typer.Argument(help="Only what this one promises.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the fields of contracts that nobody reads."""
    from tools.contracts.unread import show_unread

    raise typer.Exit(show_unread(HERE.root, service, as_json=as_json))


@app.command(epilog="For example: ./dev contracts explain F09")
def explain(
    rule: Annotated[str | None, typer.Argument(help="F09, O08, E05, ...; all if left out.")] = None,
) -> None:
    """Explain a rule, with an example and how to mend what it finds."""
    from tools.contracts.explain import explain as tell

    tell(HERE.root, rule)


@app.command(epilog="For example: ./dev contracts record")
def record() -> None:
    """Write the form of each page beside it, after you have seen what the change breaks, and the
    documents in docs/api."""
    from tools.contracts import documents
    from tools.contracts.form import CannotBeRecorded, write_all
    from tools.dev import show

    try:
        changed = [*write_all(HERE.root), *documents.write_all(HERE.root)]
    except CannotBeRecorded as error:
        raise Refusal(str(error), code=4) from error
    for file in changed:
        print(file.relative_to(HERE.root).as_posix())
    if not changed:
        show.say("dev: each recorded form and document is that of its page")


@app.command("can-deploy", epilog="For example: ./dev up -d; ./dev contracts can-deploy orders")
def can_deploy(
    service: Annotated[str, typer.Argument(help="The one to be deployed from this checkout.")],
    to: Annotated[
        list[str] | None, typer.Option(help="Addresses of what runs; else the running ./dev up.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare a service of this checkout with what really runs. Exits with 4 when it may not join."""
    from tools.contracts.deploy.command import can_deploy as compare

    raise typer.Exit(compare(HERE.root, service, to or (), as_json=as_json))
