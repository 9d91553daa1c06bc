"""Products that can be searched, their stock, and the holds on it."""

from alembic import op

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)

# Every word stands in the index as it is, for beginnings of words, and in its English root, for
# "mugs" that looks for a mug. A slash or underscore parts words, and nobody types every accent.
# Functions that a generated column uses name their schema: a restored dump has no search_path.
SEARCH = """
CREATE FUNCTION plain(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(replace(words, 'ß', 'ss'),
    'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŠŽČŘàáâãäåçèéêëìíîïñòóôõöøùúûüýÿšžčř/_',
    'AAAAAACEEEEIIIINOOOOOOUUUUYSZCRaaaaaaceeeeiiiinoooooouuuuyyszcr  ');

CREATE FUNCTION indexed(words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsvector('pg_catalog.simple', public.plain(words))
    || to_tsvector('pg_catalog.english', public.plain(words));

CREATE FUNCTION indexed(attributes jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN jsonb_to_tsvector('pg_catalog.simple', attributes, '["string", "numeric"]')
    || jsonb_to_tsvector('pg_catalog.english', attributes, '["string", "numeric"]');

CREATE FUNCTION words_of(sku text, name text, category text, attributes jsonb, description text)
RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN setweight(public.indexed(name), 'A')
    || setweight(to_tsvector('pg_catalog.simple', translate(sku, '-', ' ')), 'D')
    || setweight(public.indexed(translate(category, '-', ' ')), 'B')
    || setweight(public.indexed(CAST(public.plain(CAST(attributes AS text)) AS jsonb)), 'C')
    || setweight(public.indexed(description), 'D');

-- All terms must be found; stop words only when there is nothing else. NULL for no terms at all.
CREATE FUNCTION search_for(terms text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CAST(coalesce(
        string_agg(either, ' & ') FILTER (WHERE numnode(root) > 0), string_agg(either, ' & ')
    ) AS tsquery)
    FROM (
        SELECT root, '(' || CAST(root || start AS text) || ')' AS either
        FROM unnest(terms) AS term,
            plainto_tsquery('pg_catalog.english', public.plain(term)) AS root,
            to_tsquery('pg_catalog.simple', '''' || public.plain(term) || ''':*') AS start
        WHERE numnode(start) > 0));

-- The whole words of a search, any of them; NULL when it has stop words alone.
CREATE FUNCTION roots_of(terms text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CAST(string_agg(CAST(root AS text), ' | ') AS tsquery)
    FROM unnest(terms) AS term,
        plainto_tsquery('pg_catalog.english', public.plain(term)) AS root
    WHERE numnode(root) > 0);

-- How well a product matches. Whole words count once more than beginnings: "tea" finds tea before a
-- teapot. A whole number, for what a cursor says must be equal to what is computed again.
CREATE FUNCTION match_of(words tsvector, wanted tsquery, roots tsquery) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CAST(1000000 * (ts_rank(words, wanted) + coalesce(ts_rank(words, roots), 0)) AS integer);
"""

PRODUCT = """
CREATE TABLE product (
    sku text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    category text NOT NULL,
    price_cents bigint NOT NULL,
    currency text NOT NULL,
    attributes jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    words tsvector NOT NULL
        GENERATED ALWAYS AS (words_of(sku, name, category, attributes, description)) STORED,
    CONSTRAINT product_pkey PRIMARY KEY (sku),
    CONSTRAINT product_price_cents_check CHECK (price_cents BETWEEN 0 AND 100000000),
    CONSTRAINT product_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT product_attributes_check CHECK (jsonb_typeof(attributes) = 'object')
);
CREATE INDEX product_words_index ON product USING gin (words);
CREATE INDEX product_category_sku_index ON product (category, sku);
"""

# Apart from the product, so that a sale writes a short row and leaves the search index alone. What
# came in is on hand, held or sold: no statement can write anything else.
STOCK = """
CREATE TABLE stock (
    sku text NOT NULL,
    supplied bigint NOT NULL DEFAULT 0,  -- all that came in, less what was taken away
    on_hand bigint NOT NULL DEFAULT 0,   -- free to be held
    reserved bigint NOT NULL DEFAULT 0,
    sold bigint NOT NULL DEFAULT 0,
    CONSTRAINT stock_pkey PRIMARY KEY (sku),
    CONSTRAINT stock_sku_fkey FOREIGN KEY (sku) REFERENCES product (sku),
    CONSTRAINT stock_never_negative_check CHECK (on_hand >= 0 AND reserved >= 0 AND sold >= 0),
    CONSTRAINT stock_adds_up_check CHECK (on_hand + reserved + sold = supplied),
    CONSTRAINT stock_can_be_counted_check CHECK (on_hand + reserved <= 1000000)
) WITH (fillfactor = 70);
CREATE TABLE stock_change (
    key text NOT NULL,                   -- of a change that is repeated: it happens once
    sku text NOT NULL,
    units bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_change_pkey PRIMARY KEY (key),
    CONSTRAINT stock_change_sku_fkey FOREIGN KEY (sku) REFERENCES stock (sku)
);
CREATE INDEX stock_change_sku_index ON stock_change (sku);
"""

HOLDS = """
CREATE TABLE reservation (
    order_id text NOT NULL,
    state text NOT NULL DEFAULT 'held',
    expires_at timestamptz NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CONSTRAINT reservation_pkey PRIMARY KEY (order_id),
    CONSTRAINT reservation_state_check CHECK (state IN ('held', 'committed', 'released')),
    CONSTRAINT reservation_ended_at_check CHECK ((state = 'held') = (ended_at IS NULL))
) WITH (fillfactor = 90);
CREATE TABLE reservation_line (
    order_id text NOT NULL,
    position integer NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    quantity bigint NOT NULL,
    price_cents bigint NOT NULL,
    currency text NOT NULL,
    CONSTRAINT reservation_line_pkey PRIMARY KEY (order_id, position),
    CONSTRAINT reservation_line_order_id_fkey
        FOREIGN KEY (order_id) REFERENCES reservation (order_id),
    CONSTRAINT reservation_line_sku_fkey FOREIGN KEY (sku) REFERENCES stock (sku),
    CONSTRAINT reservation_line_quantity_check CHECK (quantity > 0)
);
CREATE INDEX reservation_line_sku_index ON reservation_line (sku);
CREATE FUNCTION refuse_second_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the reservation of % is %, which is final', OLD.order_id, OLD.state
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reservation_ends_once BEFORE UPDATE ON reservation
FOR EACH ROW WHEN (OLD.state <> 'held' AND NEW.state IS DISTINCT FROM OLD.state)
EXECUTE FUNCTION refuse_second_end();
"""

# Each number of `stock` counted again from the rows that it sums up; empty, or something is wrong.
DRIFT = """
CREATE VIEW stock_drift AS
SELECT stock.sku, stock.supplied, stock.on_hand, stock.reserved, stock.sold,
    changes.units AS changes_units, lines.held AS lines_held, lines.committed AS lines_committed
FROM stock,
    LATERAL (SELECT coalesce(sum(units), 0) AS units
             FROM stock_change WHERE stock_change.sku = stock.sku) AS changes,
    LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE state = 'held'), 0) AS held,
                    coalesce(sum(quantity) FILTER (WHERE state = 'committed'), 0) AS committed
             FROM reservation_line JOIN reservation USING (order_id)
             WHERE reservation_line.sku = stock.sku) AS lines
WHERE stock.supplied <> changes.units OR stock.reserved <> lines.held
    OR stock.sold <> lines.committed OR stock.on_hand + stock.reserved + stock.sold <> stock.supplied;
"""


def upgrade() -> None:
    for statements in (SEARCH, PRODUCT, STOCK, HOLDS, DRIFT):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP VIEW stock_drift")
    op.execute("DROP TABLE reservation_line, reservation, stock_change, stock, product")
    op.execute("DROP FUNCTION refuse_second_end")
    op.execute(
        "DROP FUNCTION match_of, roots_of, search_for, words_of, indexed(text), indexed(jsonb), plain"
    )
