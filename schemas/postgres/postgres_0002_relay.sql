-- The outbox's ticks and its relay. Sequences commit out of order and transactions begin out of order, so neither says what is new: the difference of two
-- snapshots does. A tick is a snapshot; its batch is what it shows and the tick before it does not, in the order of `seq`.

-- One row a shard: its newest tick, who leads it, and how far it is published. Ticks are made, and the cursor moves, under this row's lock, so that ticks
-- are in the order of their snapshots whoever makes them, and a leader whose term is over changes nothing.
CREATE TABLE shards (
    id integer NOT NULL PRIMARY KEY CHECK (id >= 0),
    -- The newest tick, and how many events all ticks hold.
    tick bigint NOT NULL DEFAULT 0 CHECK (tick >= 0),
    snapshot pg_snapshot NOT NULL DEFAULT '1:1:',
    counted bigint NOT NULL DEFAULT 0,
    -- The last number in the newest tick's batch.
    tick_end bigint NOT NULL DEFAULT 0,
    -- The greatest number that a tick holds: what a restored database has beyond it was never ticked.
    last_seq bigint NOT NULL DEFAULT 0,
    -- The fence of a leader is its term.
    leader text,
    term bigint NOT NULL DEFAULT 0,
    leased_until bigint NOT NULL DEFAULT 0,
    -- Everything up to and including this place in this tick is published.
    relayed_tick bigint NOT NULL DEFAULT 0,
    relayed_seq bigint NOT NULL DEFAULT 0,
    relayed_count bigint NOT NULL DEFAULT 0,
    -- When something was last published; null where there has never been a broker, and then retention does not wait for one.
    relayed bigint
) WITH (fillfactor = 20);
INSERT INTO shards (id) VALUES (0);

CREATE TABLE ticks (
    shard integer NOT NULL,
    id bigint NOT NULL CHECK (id >= 0),
    snapshot pg_snapshot NOT NULL,
    made bigint NOT NULL,
    -- What its batch holds, by which readers choose between two ways and leave partitions out.
    events bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    first_occurred bigint NOT NULL,
    last_occurred bigint NOT NULL
) PARTITION BY RANGE (made);
CREATE INDEX ticks_place ON ticks (shard, id);
CREATE INDEX ticks_made ON ticks (shard, made);
CREATE TABLE ticks_default PARTITION OF ticks DEFAULT;
INSERT INTO ticks VALUES (0, 0, '1:1:', 0, 0, 0, 0, 0, 0);

-- Events that a queue refused: the cursor has moved on, and they can be replayed.
CREATE TABLE refused_events (
    shard integer NOT NULL,
    seq bigint NOT NULL,
    tick bigint NOT NULL,
    message_id text NOT NULL,
    routing_key text NOT NULL,
    reason text NOT NULL,
    refused bigint NOT NULL,
    PRIMARY KEY (shard, seq)
);
