"""What a running service says of the contracts that it was built from."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tools.contracts.form.model import Page
from tools.contracts.form.text import load

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Built:
    """The forms that a service serves, and those that it knows of its neighbours, by page. `uses` names
    what it takes from a page that it knows; None where it may be everything. `texts` are the recorded
    files of all of them."""

    service: str
    serves: Mapping[str, Page]
    knows: Mapping[str, Page]
    uses: Mapping[str, frozenset[str] | None]
    texts: Mapping[str, str] = field(default_factory=dict)


class Unknown(Exception):
    """The service doesn't say; the message says why, and whether it runs at all (`answers`)."""

    def __init__(self, why: str, *, answers: bool) -> None:
        super().__init__(why)
        self.answers = answers


def ask(url: str, names: Iterable[str], token_for: Callable[[str], str]) -> Built:
    """What the service at this address was built from. A token is good for one service alone, so the one
    whose token it takes is the one that it is. Raises Unknown."""
    for name in names:
        status, body = _get(url, token_for(name))
        if status == 200:
            return _built(url, body)
        if status != 401:
            break
    if status == 404:
        raise Unknown("it was built before services told what they were built from", answers=True)
    if status in (401, 403):
        raise Unknown(
            "it takes no token of dev; put .dev/secrets/public/dev.pem into its SERVICE_KEYS_DIR",
            answers=True,
        )
    raise Unknown(f"it answered {status} to GET /contracts", answers=True)


def _get(url: str, token: str) -> tuple[int, bytes]:
    parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            path = f"{parts.path.rstrip('/')}/contracts"
            connection.request("GET", path, headers={"Service-Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(error) or type(error).__name__
        raise Unknown(f"nothing answers at {url}: {why}", answers=False) from error


def _built(url: str, body: bytes) -> Built:
    try:
        said = json.loads(body)
        return Built(
            service=said["service"],
            serves={one["page"]: load(one["form"]) for one in said["serves"]},
            knows={one["page"]: load(one["form"]) for one in said["knows"]},
            uses={
                one["page"]: None if one.get("uses") is None else frozenset(one["uses"])
                for one in said["knows"]
            },
            texts={one["page"]: one["form"] for one in (*said["knows"], *said["serves"])},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unknown(f"what it answered at {url} cannot be read: {error}", answers=True) from error
