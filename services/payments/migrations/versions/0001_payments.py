"""Payments, whose state moves along fixed ways."""

from alembic import op

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE payment (
            order_id text NOT NULL,
            user_id text NOT NULL,
            state text NOT NULL,
            cents bigint,
            currency text,
            payment_method text,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            asked_at timestamptz,
            capture_reference text,
            refund_reference text,
            detail text,
            CONSTRAINT payment_pkey PRIMARY KEY (order_id),
            CONSTRAINT payment_amount_check CHECK (
                (cents IS NULL) = (currency IS NULL)
                AND (cents IS NULL) = (payment_method IS NULL) AND cents >= 0),
            CONSTRAINT payment_known_check CHECK (cents IS NOT NULL OR state = 'abandoned'),
            CONSTRAINT payment_captured_check CHECK (
                (state IN ('captured', 'refunding', 'refunded')) = (capture_reference IS NOT NULL)),
            CONSTRAINT payment_refunded_check CHECK (
                (state = 'refunded') = (refund_reference IS NOT NULL)),
            CONSTRAINT payment_declined_check CHECK ((state = 'declined') = (detail IS NOT NULL))
        )""")
    op.execute("""
        CREATE FUNCTION guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.state NOT IN ('requested', 'abandoned') THEN
                    RAISE EXCEPTION 'payment % cannot begin as %', NEW.order_id, NEW.state
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END IF;
            IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                ('requested', 'captured'), ('requested', 'declined'), ('requested', 'abandoned'),
                ('captured', 'refunding'), ('abandoned', 'refunding'), ('refunding', 'refunded'))
            THEN
                RAISE EXCEPTION 'payment % is %, not to be %', OLD.order_id, OLD.state, NEW.state
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF NEW.order_id <> OLD.order_id OR (OLD.cents IS NOT NULL AND
                (NEW.user_id, NEW.cents, NEW.currency, NEW.payment_method) IS DISTINCT FROM
                (OLD.user_id, OLD.cents, OLD.currency, OLD.payment_method))
            THEN
                RAISE EXCEPTION 'what payment % is for never changes', OLD.order_id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER payment_guard BEFORE INSERT OR UPDATE ON payment
        FOR EACH ROW EXECUTE FUNCTION guard_payment()""")


def downgrade() -> None:
    op.execute("DROP TABLE payment")
    op.execute("DROP FUNCTION guard_payment")
