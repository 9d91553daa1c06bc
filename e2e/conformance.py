"""`python -m e2e.conformance --schemathesis ST`: every service against its OpenAPI, by schemathesis.

Its own words and those of `e2e.examples`, sent by a caller who may do everything, must meet no 5xx
and nothing that the document does not say, and nearly every operation must answer 2xx once.
schemathesis is no part of our lock: it runs in a venv of its own (3rdparty/python/README.md).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.claims import judged
from e2e.customer import Customer, ask
from e2e.examples import World, open_world, operations
from e2e.shop import Shop
from libs.access import ServiceTokens
from libs.access.keys import load_private

# Of all operations together.
REACHED_AT_LEAST = 0.95
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_A_SERVICE = "notifications"


@dataclass(frozen=True)
class Verdict:
    """Of one service: whether schemathesis was content, and which operations answered 2xx."""

    service: str
    content: bool
    asked: frozenset[str]
    reached: frozenset[str]


def judge(world: World, service: str, folder: Path, schemathesis: str, examples: int) -> Verdict:
    """One run against a service; what it has to say goes to standard output."""
    url = world.shop.url(service)
    document = ask("GET", f"{url}/openapi.json").json()
    _show_examples(document, world, service)
    schema, report = folder / f"{service}.json", folder / f"{service}.har"
    schema.write_text(json.dumps(document))
    command = [schemathesis, "run", str(schema), "--url", url]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(examples)]
    command += ["--checks", ",".join(CHECKS), "--report", "har", "--report-har-path", str(report)]
    command += ["--continue-on-failure", "--seed", "20261122", "--suppress-health-check", "all"]
    command += ["--warnings", "off", "--no-color", "--generation-database", "none"]
    for header in _headers(world, service).items():
        command += ["--header", ":".join(header)]
    code = subprocess.run(command, check=False, cwd=folder).returncode
    asked = {f"{op.method} {op.path}" for name, op, _ in operations() if name == service}
    return Verdict(service, code == 0, frozenset(asked), frozenset(_reached(document, report)))


def _headers(world: World, service: str) -> Mapping[str, str]:
    """User A, who is an admin here, and a service: whoever may ask, it is one of them."""
    key = load_private(world.shop.ground.folder / "private" / f"{_A_SERVICE}.pem")
    return {
        "Authorization": f"Bearer {world.a.token}",
        "Service-Authorization": f"Bearer {ServiceTokens(_A_SERVICE, key).token_for(service)}",
    }


def _show_examples(document: dict[str, Any], world: World, service: str) -> None:
    """Examples in the document are sent as they stand, before anything is made up."""
    for name, operation, kind in operations():
        if name != service:
            continue
        said = document["paths"][operation.path][operation.method.lower()]
        sent = operation.wire.write(world.example(kind))
        values = {**sent.values, **dict(sent.query), "Idempotency-Key": f"example-{kind.__name__}"}
        for parameter in said.get("parameters", ()):
            if parameter["name"] in values:
                parameter["example"] = _typed(parameter, values[parameter["name"]])
        if sent.body is not None:
            said["requestBody"]["content"]["application/json"]["example"] = json.loads(sent.body)


def _typed(parameter: Mapping[str, Any], value: str) -> Any:
    return int(value) if parameter["schema"].get("type") == "integer" else value


def _reached(document: Mapping[str, Any], report: Path) -> Iterator[str]:
    """The operations that answered 2xx in the exchanges of the report."""
    for entry in json.loads(report.read_text())["log"]["entries"]:
        if 200 <= entry["response"]["status"] < 300:
            path = "/" + entry["request"]["url"].partition("?")[0].split("/", 3)[3]
            for template in sorted(document["paths"], key=lambda each: each.count("{")):
                if _fits(template, path):
                    yield f"{entry['request']['method']} {template}"
                    break


def _fits(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    same = (
        part == there or part.startswith("{") for part, there in zip(parts, given, strict=False)
    )
    return len(parts) == len(given) and all(same)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.conformance")
    parser.add_argument("--schemathesis", default="st", help="its command; `st` if left out")
    parser.add_argument("--examples", type=int, default=30, help="made up for each operation")
    parser.add_argument("--junit", type=Path, help="write a JUnit report here")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "shop").mkdir()
        with Shop(folder / "shop") as shop:
            admin = Customer(shop, admin=True)
            world = open_world(shop, admin, a=admin)
            verdicts = [
                judge(world, service, folder, said.schemathesis, said.examples)
                for service in sorted({name for name, _, _ in operations()})
            ]
    return judged("conformance", _claims(verdicts), said.junit)


def _claims(verdicts: Sequence[Verdict]) -> dict[str, bool]:
    """What was to be shown, and whether it was."""
    claims = {
        f"{verdict.service} answers everything as its OpenAPI says": verdict.content
        for verdict in verdicts
    }
    asked = sum(len(verdict.asked) for verdict in verdicts)
    missed = [f"{v.service}: {each}" for v in verdicts for each in sorted(v.asked - v.reached)]
    reached = f"{asked - len(missed)} of {asked} operations answered 2xx"
    claims[f"{reached} (not: {', '.join(missed) or 'none'})"] = (
        asked - len(missed) >= REACHED_AT_LEAST * asked
    )
    return claims


if __name__ == "__main__":
    sys.exit(main())
