"""What each service's processes are told and how they are started."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from libs.servers import Credentials
from tools.dev import provider
from tools.dev.errors import Refusal
from tools.dev.places import Places
from tools.dev.ports import HOST
from tools.dev.processes import MARK

Role = Literal["web", "worker", "migrate", "import"]

_MAIL_FROM = "shop@concord.example"


def command_of(places: Places, service: str, role: Role, packaged: bool) -> list[str]:
    """The service from its source, or its PEX."""
    if packaged:
        return [sys.executable, str(pex_of(places, service)), role]
    return [sys.executable, "-m", f"services.{service}.main", role]


def pex_of(places: Places, service: str) -> Path:
    return places.root / "dist" / f"services.{service}" / f"{service}.pex"


def require_packages(places: Places, services: list[str]) -> None:
    missing = [name for name in services if not pex_of(places, name).exists()]
    if missing:
        path = pex_of(places, missing[0]).relative_to(places.root)
        targets = " ".join(f"services/{name}:{name}" for name in missing)
        raise Refusal(f"{path} is missing; build it with ./pants package {targets}")


def common_environment(places: Places) -> dict[str, str]:
    """For whatever runs our Python code."""
    return {
        **os.environ,
        MARK: str(places.mark),
        "PYTHONPATH": str(places.root),
        "PYTHONUNBUFFERED": "1",
    }


def service_environment(
    places: Places,
    service: str,
    role: Role,
    ports: Mapping[str, int],
    database: Credentials | None,
    user_keys: Path,
) -> dict[str, str]:
    """The variables that deploy/README.md lists, for one process."""
    environment = common_environment(places)
    if role == "migrate" and database is not None:
        return environment | {"MIGRATION_DATABASE_URL": database.owner_url}
    names = [name.removesuffix(".web") for name in ports if name.endswith(".web")]
    peers = {f"PEER_{n.upper()}_URL": f"http://{HOST}:{ports[f'{n}.web']}" for n in names}
    environment |= peers | {
        "CACHE_URL": f"redis://{HOST}:{ports['valkey_cache']}/0",
        "SERVICE_KEY_FILE": str(places.secrets / "private" / f"{service}.pem"),
        "SERVICE_KEYS_DIR": str(places.secrets / "public"),
        "RUN_DIR": str(places.run / f"{service}-{role}"),
        "HTTP_BIND": f"{HOST}:{ports[f'{service}.web']}",
        # Nobody asks whether it is ready before they ask it; who does, says so.
        "DRAIN_S": os.environ.get("DRAIN_S", "0"),
        "LOG_FORMAT": "json",
        "USER_KEYS_DIR": str(user_keys),
        "DOCS_LINKS": " ".join(f"{n}=http://{HOST}:{ports[f'{n}.web']}" for n in names),
        "MAIL_PROVIDER": "smtp",
        "MAIL_FROM": _MAIL_FROM,
        "SMTP_URL": f"smtp://{HOST}:{ports['smtp']}",
    }
    if database is not None:
        environment["DATABASE_URL"] = database.app_url
        environment["QUEUE_URL"] = f"redis://{HOST}:{ports['valkey_queue']}/0"
    if service != "users":
        del environment["USER_KEYS_DIR"]  # only its owner gets to see a secret
    if service == "payments":
        environment |= provider.environment(places, ports)
    if role == "worker" and f"{service}.worker" in ports:
        environment["METRICS_BIND"] = f"{HOST}:{ports[f'{service}.worker']}"
    return environment
