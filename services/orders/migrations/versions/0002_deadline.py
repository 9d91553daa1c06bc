"""When an open order is looked into: what is pending past it shows that the reconciler is ill.

Nullable and without a default, so that the code of orders_0001 goes on placing orders, and no row is
rewritten under a lock.
"""

from alembic import op

revision = "orders_0002"
down_revision = "orders_0001"


def upgrade() -> None:
    op.execute("ALTER TABLE customer_order ADD COLUMN deadline_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE customer_order DROP COLUMN deadline_at")
