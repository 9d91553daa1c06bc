"""A rolling restart: for a while the code of the former release works on the new tables.

Tables change in three steps, each a revision of its own: add what only new code uses (expand), move
what is there (migrate), take away what no running code uses any more (contract). `rolled` shows that
a revision is no step too far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from libs.db import Database, migrate
from libs.servers import Postgres, provision
from libs.testing.servers import TestDatabase

# psycopg prepares a statement when it comes for the sixth time; a prepared one is stricter about
# tables that change under it.
_UNTIL_PREPARED = 6


@dataclass(frozen=True)
class Former:
    """What the code of the revision before the present one does with the database. It is copied
    when a new revision is written, and uses none of the present models.

    Each function works on its `n`-th thing: `write` makes it, `read` gives what the service shows
    of it, `change` takes it to its end.
    """

    service: str
    revision: str
    write: Callable[[Session, int], None]
    read: Callable[[Session, int], object]
    change: Callable[[Session, int], None]


@contextmanager
def rolled(
    former: Former, *, upgrade: Callable[[str], object] | None = None
) -> Iterator[TestDatabase]:
    """A database that was upgraded under the former code's hands, with four things in it: 1 as it was
    written before the upgrade, 2 changed before it, 3 changed after it, 4 written after it.

    Raises AssertionError when a thing reads otherwise after the upgrade, and whatever the former
    code met when it could not go on. `upgrade` gets the owner's URL; it is the service's own
    migration if left out.
    """
    with Postgres(durable=False) as server:
        made = provision(server, former.service, owner_password="owner", app_password="app")
        migrate(former.service, made.owner_url, to=former.revision)
        # Its connections live on through the upgrade, as in a process that runs.
        old = Database(made.app_url, service=former.service, pool_size=1)
        for n in (1, 2, 3):
            _do(old, former.write, n)
        _do(old, former.change, 2)
        before = [_seen(old, former, n) for n in (1, 2, 3)]

        (upgrade or (lambda url: migrate(former.service, url)))(made.owner_url)

        after = [_seen(old, former, n) for n in (1, 2, 3)]
        assert after == before, f"{former.revision} reads otherwise after the upgrade"
        _do(old, former.change, 3)
        _do(old, former.write, 4)
        assert _seen(old, former, 4) is not None
        old.close()
        yield TestDatabase(former.service, made.owner_url, made.app_url)


def _do(database: Database, step: Callable[[Session, int], None], n: int) -> None:
    with database.transaction() as session:
        step(session, n)


def _seen(database: Database, former: Former, n: int) -> object:
    for _ in range(_UNTIL_PREPARED):
        with database.transaction() as session:
            seen = former.read(session, n)
    return seen
