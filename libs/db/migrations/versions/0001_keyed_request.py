"""The answers that keyed requests got."""

from alembic import op

revision = "repeats_0001"
down_revision = None
branch_labels = ("repeats",)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE keyed_request (
            operation text NOT NULL,
            caller text NOT NULL,
            key text NOT NULL,
            fingerprint bytea NOT NULL,     -- of the request's bytes
            claim int NOT NULL DEFAULT 1,   -- grows with each start; only the latest may finish
            leased_until timestamptz NOT NULL,
            status int,                     -- with headers and body: the answer, once there is one
            headers json,
            body bytea,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT keyed_request_pkey PRIMARY KEY (operation, caller, key),
            CONSTRAINT keyed_request_answer_check
                CHECK (num_nulls(status, headers, body) IN (0, 3))
        ) WITH (fillfactor = 70);
        CREATE INDEX keyed_request_created_at_index ON keyed_request (created_at);
    """)


def downgrade() -> None:
    op.execute("DROP TABLE keyed_request")
