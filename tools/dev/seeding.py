"""What a developer finds in the shop: a demo user, an admin, a catalogue. Repeating is safe."""

import json
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.dev.environment import command_of
from tools.dev.places import Places


@dataclass(frozen=True)
class Login:
    """Somebody whom a developer can log in as."""

    email: str
    password: str
    name: str


DEMO = Login("demo@concord.example", "demo-password", "Demo")
ADMIN = Login("admin@concord.example", "admin-password", "Admin")
_PAUSES_S = (0.2, 1.0, 3.0, 0.0)


def register(users_url: str, who: Login, stop: threading.Event) -> str:
    """An account, by the way that every account comes; says why there is none. 409 tells that a
    former run made it."""
    request = urllib.request.Request(
        f"{users_url}/api/v1/users",
        data=json.dumps(asdict(who)).encode(),
        headers={"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    why = ""
    for pause_s in _PAUSES_S:
        try:
            with opener.open(request, timeout=10):
                return ""
        except urllib.error.HTTPError as answer:
            if answer.code == 409:
                return ""
            why = f"users answered {answer.code}"
        except OSError as error:
            why = str(error)
        if stop.wait(pause_s):
            break
    return why


def make_admin(users_database_url: str, email: str) -> str:
    """As services/users/README.md says; by the owner role. Says why that could not be."""
    from libs.db import Database
    from libs.operations.errors import Unavailable

    database = Database(users_database_url, service="users", pool_size=1)
    try:
        with database.transaction() as session:
            session.connection().exec_driver_sql(
                "UPDATE account SET is_admin = true WHERE email_key = %(email)s", {"email": email}
            )
    except Unavailable as error:
        return str(error)
    finally:
        database.close()
    return ""


def import_products(
    places: Places, environment: Mapping[str, str], log: Path, *, folder: Path, packaged: bool
) -> str:
    """The demo catalogue; says why there is none."""
    products = places.root / "services" / "catalog" / "demo.jsonl"
    if not products.exists():
        return ""
    with log.open("wb") as output:
        done = subprocess.run(
            [*command_of(places, "catalog", "import", packaged), str(products)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=False,
        )
    return "" if done.returncode == 0 else f"see ./dev logs {log.stem}"
