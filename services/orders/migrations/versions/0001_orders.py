"""Orders, which end once."""

from alembic import op

revision = "orders_0001"
down_revision = None
branch_labels = ("orders",)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE customer_order (
            order_id text NOT NULL,
            user_id text NOT NULL,
            lines jsonb NOT NULL,
            total_cents bigint NOT NULL,
            currency text NOT NULL,
            payment_method text NOT NULL,
            placed_at timestamptz NOT NULL,
            status text NOT NULL DEFAULT 'pending',
            reason text,
            detail text,
            ended_at timestamptz,
            CONSTRAINT customer_order_pkey PRIMARY KEY (order_id),
            CONSTRAINT customer_order_status_check
                CHECK (status IN ('pending', 'confirmed', 'cancelled')),
            CONSTRAINT customer_order_reason_check
                CHECK ((status = 'cancelled') = (reason IS NOT NULL)),
            CONSTRAINT customer_order_ended_at_check
                CHECK ((status = 'pending') = (ended_at IS NULL))
        )""")
    op.execute("""
        CREATE INDEX customer_order_user_id_placed_at_index
            ON customer_order (user_id, placed_at DESC, order_id DESC)""")
    op.execute("""
        CREATE FUNCTION refuse_second_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'order % is %, which is final', OLD.order_id, OLD.status
                USING ERRCODE = 'integrity_constraint_violation';
        END $$""")
    op.execute("""
        CREATE TRIGGER customer_order_ends_once BEFORE UPDATE ON customer_order
        FOR EACH ROW WHEN (OLD.status <> 'pending' AND NEW.status IS DISTINCT FROM OLD.status)
        EXECUTE FUNCTION refuse_second_end()""")


def downgrade() -> None:
    op.execute("DROP TABLE customer_order")
    op.execute("DROP FUNCTION refuse_second_end")
