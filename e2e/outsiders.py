"""`python -m e2e.outsiders --node DIR`: what others' programs make of docs/api.

Spectral and Redocly judge every OpenAPI by their recommended rules, AsyncAPI's parser every AsyncAPI;
and a TypeScript program whose types are generated from the documents buys in a running shop, and from
fakes. The programs are no part of our lock: DIR/node_modules has them (3rdparty/node/README.md).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from e2e.claims import judged
from e2e.customer import Customer, stock
from e2e.ground import START_S
from e2e.program import Program, wait_for
from e2e.shop import Shop
from libs.servers import free_port, is_free

DOCUMENTS = Path("docs/api").absolute()
SOURCES = Path("e2e/typescript").absolute()
# Of Spectral: an error or a warning. It hints, besides, that a newer AsyncAPI exists.
_WARNING = 1
# What a buyer asks.
_ASKED = ("users", "catalog", "orders")
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


class Programs:
    """The others' programs, in `node`/node_modules."""

    def __init__(self, node: Path) -> None:
        self.modules = node.absolute() / "node_modules"

    def run(self, name: str, *arguments: str | Path, folder: Path) -> str:
        """What it says; that it finds something wrong is no failure of its own."""
        return self._output([str(self.modules / ".bin" / name), *arguments], folder, None, {})

    def node(
        self,
        *arguments: str | Path,
        folder: Path,
        source: Path | None = None,
        variables: Mapping[str, str] = {},
    ) -> str:
        """What a script of ours says; `source` is read as if it lay in `folder`."""
        command: list[str | Path] = ["node", *arguments]
        if source is not None:
            command = ["node", "--input-type=module", "-", *arguments]
        return self._output(command, folder, source, variables)

    def _output(
        self,
        command: list[str | Path],
        folder: Path,
        source: Path | None,
        variables: Mapping[str, str],
    ) -> str:
        said = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **_QUIET, **variables},
            input=source.read_text() if source else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if said.returncode:
            print(said.stderr, file=sys.stderr)
        return said.stdout


def judgements(programs: Programs) -> Iterator[tuple[str, list[str]]]:
    """For each document and program a claim, with what speaks against it."""
    folder = programs.modules.parent
    openapi = sorted(DOCUMENTS.glob("*.openapi.json"))
    asyncapi = sorted(DOCUMENTS.glob("*.asyncapi.json"))
    rules = folder / "spectral.yaml"
    rules.write_text('extends: ["spectral:oas", "spectral:asyncapi"]\n')
    spectral = json.loads(
        programs.run(
            "spectral", "lint", "-f", "json", "--quiet", "-r", rules, *openapi, *asyncapi,
            folder=folder,
        )
    )  # fmt: skip
    for path in (*openapi, *asyncapi):
        own = [each for each in spectral if Path(each["source"]).name == path.name]
        wrong = [
            f"{'.'.join(map(str, each['path']))}: {each['message']}"
            for each in own
            if each["severity"] <= _WARNING
        ]
        yield f"{path.name} keeps Spectral's recommended rules", wrong
    for path in openapi:
        told = json.loads(
            programs.run(
                "redocly", "lint", "--extends", "recommended", "--format", "json", path,
                folder=folder,
            )
        )  # fmt: skip
        yield (
            f"{path.name} keeps Redocly's recommended rules",
            [str(each["message"]) for each in told["problems"]],
        )
    parsed = json.loads(
        programs.node(*asyncapi, folder=folder, source=SOURCES / "asyncapi.mjs"),
    )
    for path in asyncapi:
        yield f"{path.name} is read by AsyncAPI's parser", parsed[str(path)]


def compiled(programs: Programs, folder: Path) -> list[str]:
    """Types of the documents, and the buyer compiled with them into `folder`. Returns what the compiler
    has against it."""
    (folder / "node_modules").symlink_to(programs.modules)
    (folder / "package.json").write_text('{"type": "module"}')
    for name in ("buy.ts", "tsconfig.json"):
        shutil.copy(SOURCES / name, folder)
    for service in _ASKED:
        programs.run(
            "openapi-typescript",
            DOCUMENTS / f"{service}.openapi.json",
            "-o",
            folder / f"{service}.d.ts",
            folder=folder,
        )
    return programs.run("tsc", "-p", ".", folder=folder).splitlines()


def bought(programs: Programs, folder: Path, urls: Mapping[str, str], query: str) -> list[str]:
    """What went wrong while the buyer bought in the services at these addresses."""
    where = {f"{service.upper()}_URL": urls[service] for service in _ASKED}
    said = programs.node(folder / "buy.js", folder=folder, variables={"QUERY": query, **where})
    status = json.loads(said)["status"] if said else "nothing"
    return [] if status == "confirmed" else [f"it ended with {status}"]


@contextmanager
def fakes(folder: Path) -> Iterator[Mapping[str, str]]:
    """Fakes of the services that a buyer asks, by their addresses."""
    first = next(port for port in iter(free_port, 0) if all(map(is_free, range(port, port + 3))))
    urls = {name: f"http://127.0.0.1:{first + n}" for n, name in enumerate(_ASKED)}
    program = Program(
        "tools.fake",
        (*_ASKED, "--port", str(first)),
        os.environ,
        folder / "fakes.log",
        *(f"{url}/livez" for url in urls.values()),
    )
    program.start()
    try:
        wait_for(program.is_ready, START_S, "the fakes are ready")
        yield urls
    finally:
        program.kill()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.outsiders")
    parser.add_argument("--node", type=Path, required=True, help="the folder of node_modules")
    parser.add_argument("--junit", type=Path, help="write a JUnit report here")
    said = parser.parse_args()
    programs = Programs(said.node)
    claims: dict[str, bool] = {}

    def hold(claim: str, against: list[str]) -> None:
        claims[claim] = not against
        for each in against:
            print(f"{claim}: {each}", file=sys.stderr)

    for claim, against in judgements(programs):
        hold(claim, against)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "client").mkdir()
        (folder / "shop").mkdir()
        hold(
            "a TypeScript client of the documents compiles, strictly",
            compiled(programs, folder / "client"),
        )
        with Shop(folder / "shop") as shop:
            stock(shop, Customer(shop, admin=True), 50)
            urls = {service: shop.url(service) for service in _ASKED}
            hold("it buys in a running shop", bought(programs, folder / "client", urls, "thing"))
        with fakes(folder) as addresses:
            hold("it buys from fakes alone", bought(programs, folder / "client", addresses, "mug"))
    return judged("outsiders", claims, said.junit)


if __name__ == "__main__":
    sys.exit(main())
