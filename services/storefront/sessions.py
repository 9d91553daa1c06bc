"""Who is at the door: sessions, kept in Valkey under ids that nobody can guess.

A visitor gets an id with the first page that holds a form; only a log-in is worth remembering. The
store knows an id by its hash alone, so that who reads Valkey can be nobody.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from dataclasses import asdict, dataclass

from contracts.shared.ids import UserId
from libs.keyvalue import KeyValue

# Out of a log-in that nobody used for so long, and of any after a week, one has to log in anew.
IDLE_S, ABSOLUTE_S = 12 * 3600, 7 * 24 * 3600
# A token that has less life left would end on the way.
TOKEN_MARGIN_S = 15.0

_ID = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logged in. Their name is good as long as the session, their token for ten minutes: then
    orders are shown and placed only after the password."""

    user_id: UserId
    name: str
    email: str
    token: str
    token_until: float
    since: float

    @property
    def is_fresh(self) -> bool:
        """Whether the token can still be used."""
        return self.token_until - TOKEN_MARGIN_S > time.time()

    def __repr__(self) -> str:
        return f"Login({self.user_id})"


def new_id() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def is_id(text: str) -> bool:
    """Whether this can be an id of ours."""
    return _ID.fullmatch(text) is not None


def hashed(session_id: str) -> str:
    """How the store knows this session."""
    return hashlib.sha256(session_id.encode()).hexdigest()


class Sessions:
    """The log-ins. Every method raises Unavailable while Valkey does not answer."""

    def __init__(self, cache: KeyValue) -> None:
        self._cache = cache

    def find(self, session_id: str) -> Login | None:
        """The log-in of this session, which lives on for being looked at; None without one."""
        key = _key(session_id)
        text = self._cache.run(lambda client: client.getex(key, ex=IDLE_S))
        if not isinstance(text, str):
            return None
        login = Login(**json.loads(text))
        if time.time() - login.since > ABSOLUTE_S:
            self.end(session_id)
            return None
        return login

    def begin(self, login: Login) -> str:
        """A session of a new id for this log-in: one that somebody knew before is worth nothing."""
        session_id = new_id()
        text = json.dumps(asdict(login))
        self._cache.run(lambda client: client.set(_key(session_id), text, ex=IDLE_S))
        return session_id

    def end(self, session_id: str) -> None:
        """Forget it; safe to repeat."""
        self._cache.run(lambda client: client.delete(_key(session_id)))


def _key(session_id: str) -> str:
    return f"session:{hashed(session_id)}"
