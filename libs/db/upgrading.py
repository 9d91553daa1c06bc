"""Bringing the tables of a service to the state that its code needs."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url, text

from libs.db import versions
from libs.db._failures import as_unavailable

_ADVISORY_LOCK = 6_012_742  # one migration of a database at a time; any number nobody else uses
_LOCK_TIMEOUT_S = 5  # for a table in use; whoever comes after us waits as long


def migrate(service: str, url: str, *, to: str | None = None) -> tuple[str, ...]:
    """Make or change the tables of a service and of the libraries that it uses; the ids of the
    versions applied, none when all was there already.

    All in one transaction, as the owner role: it happens whole or not at all. Two at once wait for
    each other, also behind a pooler. Repeating is safe. Raises Unavailable when the database is
    down, or a table was in use for 5 s.

    With `to`, the service's own tables stop at that version: for tests of what comes after it.
    """
    # Only this command needs alembic; web and worker must not pay for importing it.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script, ScriptDirectory

    class Versions(ScriptDirectory):
        def _load_revisions(self) -> Iterator[Script]:
            # alembic lists folders; imports also work where the code lies in a zip.
            for name in versions.modules(service):
                module = importlib.import_module(name)
                yield Script(module, module.revision, module.__file__ or name)

    heads = dict(versions.heads(service))  # refuses ids that `ready` could not read
    if to is not None:
        heads[versions.branch_of(to)] = to
    # alembic wants a folder that exists, and then does not look into it.
    scripts = Versions(tempfile.gettempdir())
    applied: list[str] = []

    def upgrade(current: str, _: MigrationContext) -> list[RevisionStep]:
        wanted: Any = tuple(heads.values())  # it takes several; its annotation names one
        steps = scripts._upgrade_revs(wanted, current)
        applied.extend(step.revision.revision for step in steps)
        return steps

    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with as_unavailable(), engine.begin() as connection:
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {setting} = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'"))
        context = MigrationContext.configure(
            connection, opts={"fn": upgrade, "script": scripts, "transactional_ddl": True}
        )
        with Operations.context(context):
            context.run_migrations()
    return tuple(applied)
