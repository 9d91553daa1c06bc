"""What the users service does."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from contracts.shared.ids import UserId
from contracts.users import v1 as users
from libs.access.tokens import LIFETIME_S
from libs.db.ids import new_id
from libs.telemetry.logs import get_logger
from services.users.deps import Deps
from services.users.models import Account

log = get_logger(__name__)


def register(deps: Deps, request: users.RegisterUser) -> users.Account | users.AddressTaken:
    """A new account, and the fact that it exists, in one transaction."""
    account = Account(
        user_id=new_id("usr"),
        email=request.email,
        email_key=request.email.lower(),
        name=request.name,
        # Hashed before the transaction begins: it takes longer than all the rest.
        password_hash=deps.passwords.hash(request.password),
        registered_at=datetime.now(UTC),
    )
    with deps.messages.transaction() as tx:
        new = insert(Account).values(
            {column.key: getattr(account, column.key) for column in Account.__table__.columns}
        )
        first = tx.session.execute(
            new.on_conflict_do_nothing(index_elements=["email_key"]).returning(Account.user_id)
        ).scalar()
        if first is None:
            return users.AddressTaken()
        user_id = UserId(account.user_id)
        tx.publish(users.UserRegistered(user_id=user_id, registered_at=account.registered_at))
    log.info("registered", user_id=account.user_id)
    return account.view()


def log_in(
    deps: Deps, request: users.LogIn
) -> users.Session | users.WrongCredentials | users.TooManyAttempts:
    """A token for whoever knows the password. Each address has a few tries in five minutes."""
    email_key = request.email.lower()
    if (wait_s := deps.login_throttle.retry_after(_anonymous(email_key))) is not None:
        return users.TooManyAttempts(retry_after_s=wait_s)
    with deps.messages.database.transaction() as session:
        account = session.scalar(select(Account).where(Account.email_key == email_key))
    known_hash = account.password_hash if account else None
    if not deps.passwords.matches(known_hash, request.password) or account is None:
        return users.WrongCredentials()
    _after_log_in(deps, account, request.password)
    user_id = UserId(account.user_id)
    return users.Session(
        access_token=deps.tokens.issue(user_id, admin=account.is_admin),
        expires_in_s=LIFETIME_S,
        user_id=user_id,
    )


def account_of(deps: Deps, user_id: UserId) -> users.Account | users.NoSuchUser:
    """The account of this id."""
    with deps.messages.database.transaction() as session:
        account = session.get(Account, user_id)
    return account.view() if account else users.NoSuchUser(user_id=user_id)


def _after_log_in(deps: Deps, account: Account, password: str) -> None:
    deps.login_throttle.forget(_anonymous(account.email_key))
    if deps.passwords.is_outdated(account.password_hash):
        renewed = deps.passwords.hash(password)
        with deps.messages.database.transaction() as session:
            session.get_one(Account, account.user_id).password_hash = renewed


def _anonymous(email_key: str) -> str:
    """A name for Valkey that tells nobody the address."""
    return hashlib.sha256(email_key.encode()).hexdigest()[:32]
