"""Passwords and keys of one checkout, made once and readable by their owner alone."""

import json
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from libs.access.keys import new_key
from tools.dev.places import Places

# Two of them live, so that rotation is what everybody sees every day.
_USER_KEYS = 2
DEV = "dev"
"""The name under which `./dev` itself asks services, as one of them."""


def make_service_keys(places: Places, services: Iterable[str]) -> None:
    """A private key for each service in `private/`, and all public ones in `public/`."""
    private = _folder(places.secrets / "private")
    public = _folder(places.secrets / "public")
    for service in services:
        pem = private / f"{service}.pem"
        if not pem.exists() or not (public / pem.name).exists():
            private_pem, public_pem = new_key()
            _write(pem, private_pem)
            (public / pem.name).write_bytes(public_pem)


def make_user_keys(places: Places) -> Path:
    """The folder of the keys that sign users' tokens; the last name signs."""
    folder = _folder(places.secrets / "users")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for number in range(len(list(folder.glob("*.pem"))), _USER_KEYS):
        _write(folder / f"{today}-{number + 1}.pem", new_key()[0])
    return folder


def passwords(places: Places, roles: Iterable[str]) -> dict[str, str]:
    """The passwords of database roles, new ones for roles that had none."""
    file = places.secrets / "passwords.json"
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except FileNotFoundError:
        kept = {}
    missing = [role for role in roles if role not in kept]
    if missing:
        kept |= {role: secrets.token_urlsafe(24) for role in missing}
        _write(file, json.dumps(kept, indent=1).encode())
    return kept


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _write(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    new.replace(path)
