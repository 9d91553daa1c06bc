"""The feed, its cursors, jobs, and what was parked."""

from alembic import op

revision = "messaging_0001"
down_revision = None
branch_labels = ("messaging",)

FEED = """
CREATE SEQUENCE feed_seq;
CREATE SEQUENCE feed_pos;
CREATE TABLE feed (
    seq bigint NOT NULL DEFAULT nextval('feed_seq'),  -- the order of publishing
    pos bigint,                                       -- the order of reading; given after the commit
    id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    key_hash bigint NOT NULL,
    data json NOT NULL,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (created_at, seq)
) PARTITION BY RANGE (created_at);
CREATE INDEX feed_pos_index ON feed (pos) WHERE pos IS NOT NULL;
CREATE INDEX feed_unnumbered_index ON feed (seq) WHERE pos IS NULL;
CREATE TABLE feed_default PARTITION OF feed DEFAULT;
"""

# The runtime role may change rows, not tables, so the owner lends it this one right. A day whose
# rows already lie in the default partition stays there: moving them would lock the feed.
MAINTAIN = """
CREATE FUNCTION maintain_feed(keep interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms'
AS $$
DECLARE
    today date := current_date;
    day date;
    part record;
    unread boolean;
BEGIN
    keep := greatest(keep, interval '1 day');
    FOR day IN SELECT today + n FROM generate_series(0, 3) n LOOP
        CONTINUE WHEN to_regclass(format('public.feed_%s', to_char(day, 'YYYYMMDD'))) IS NOT NULL;
        CONTINUE WHEN EXISTS (
            SELECT FROM public.feed_default WHERE created_at >= day AND created_at < day + 1);
        EXECUTE format(
            'CREATE TABLE public.feed_%s PARTITION OF public.feed FOR VALUES FROM (%L) TO (%L)',
            to_char(day, 'YYYYMMDD'), day, day + 1);
    END LOOP;
    FOR part IN
        SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.feed'::regclass AND c.relname ~ '^feed_[0-9]{8}$'
    LOOP
        CONTINUE WHEN to_date(right(part.name, 8), 'YYYYMMDD') + 1 > (now() - keep)::date;
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE pos IS NULL)', part.name)
            INTO unread;
        CONTINUE WHEN unread;
        EXECUTE format('DROP TABLE public.%I', part.name);
    END LOOP;
    DELETE FROM public.feed_default WHERE created_at < now() - keep AND pos IS NOT NULL;
END $$;
REVOKE ALL ON FUNCTION maintain_feed(interval) FROM PUBLIC;
SELECT maintain_feed('14 days');
"""

CURSOR = """
CREATE TABLE cursor (
    producer text NOT NULL,
    lane int NOT NULL,
    lanes int NOT NULL,
    pos bigint NOT NULL,             -- the effects of all events up to here are in this database
    owner uuid,
    leased_until timestamptz,
    attempting bigint,               -- the event that is being handled, and how often it was begun
    attempts int NOT NULL DEFAULT 0,
    PRIMARY KEY (producer, lane)
) WITH (fillfactor = 50);
CREATE TABLE parked_event (
    id uuid PRIMARY KEY,             -- the event's own
    producer text NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    event json NOT NULL,
    error text NOT NULL,
    attempts int NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    requeued_at timestamptz
);
"""

JOB = """
CREATE TABLE job (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    data json NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'parked')),
    due_at timestamptz NOT NULL,     -- it does not start before
    wake_at timestamptz NOT NULL,    -- the sweeper sends its id (again) then
    sends int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    waits int NOT NULL DEFAULT 0,    -- tries in a row that found a neighbour unavailable
    claim int NOT NULL DEFAULT 0,    -- grows with each start; only the latest may say how it ended
    claimed_until timestamptz,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    error text
) WITH (fillfactor = 70);
CREATE INDEX job_wake_index ON job (wake_at) WHERE state = 'waiting';
CREATE INDEX job_done_index ON job (finished_at) WHERE state = 'done';
CREATE INDEX job_parked_index ON job (created_at) WHERE state = 'parked';
"""


def upgrade() -> None:
    for statements in (FEED, MAINTAIN, CURSOR, JOB):
        op.execute(statements)
