"""Accounts."""

from alembic import op

revision = "users_0001"
down_revision = None
branch_labels = ("users",)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE account (
            user_id text NOT NULL,
            email text NOT NULL,
            email_key text NOT NULL,
            name text NOT NULL,
            password_hash text NOT NULL,
            registered_at timestamptz NOT NULL,
            is_admin boolean NOT NULL DEFAULT false,
            CONSTRAINT account_pkey PRIMARY KEY (user_id),
            CONSTRAINT account_email_key_key UNIQUE (email_key)
        )""")


def downgrade() -> None:
    op.execute("DROP TABLE account")
