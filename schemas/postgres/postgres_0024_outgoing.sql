-- Who is sent events over HTTP, and how far each is. Written only by the process that holds the lease.
CREATE TABLE subscribers (
    name text PRIMARY KEY,
    -- Every event up to here is sent, set aside, given up or not meant for it.
    shard integer NOT NULL,
    tick bigint NOT NULL CHECK (tick >= 0),
    seq bigint NOT NULL CHECK (seq >= 0),
    -- The fence of a leader is its term.
    owner text,
    term bigint NOT NULL,
    leased_until bigint NOT NULL,
    -- Grows when somebody asks for a sending to be repeated.
    asked bigint NOT NULL DEFAULT 0,
    sent bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    given_up bigint NOT NULL DEFAULT 0,
    last_sent bigint,
    last_failed bigint,
    error text NOT NULL DEFAULT '',
    failing_since bigint
) WITH (fillfactor = 50);

-- What was sent to them, for a while, and what was set aside to be tried again. Each holds its event, for it may wait longer than the outbox keeps that.
CREATE TABLE sendings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber text NOT NULL REFERENCES subscribers (name) ON DELETE CASCADE,
    message_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('waiting', 'sent', 'given_up')),
    attempts bigint NOT NULL CHECK (attempts >= 0),
    first bigint NOT NULL,
    last bigint NOT NULL,
    -- When it is tried again; null for one that waits behind another of its entity.
    next bigint,
    -- Of the last answer; null when there was none.
    status bigint,
    reason text NOT NULL,
    -- Asked for by somebody: it waits for no other.
    again boolean NOT NULL,
    shard integer NOT NULL,
    tick bigint NOT NULL,
    seq bigint NOT NULL,
    event text NOT NULL,
    entity text NOT NULL,
    entity_id bigint NOT NULL,
    entity_version bigint NOT NULL,
    routing_key text NOT NULL,
    occurred bigint NOT NULL,
    chain text NOT NULL,
    data text NOT NULL,
    UNIQUE (subscriber, message_id),
    CHECK (outcome = 'waiting' OR next IS NULL)
);
CREATE INDEX sendings_waiting ON sendings (subscriber, tick, seq) WHERE outcome = 'waiting';
CREATE INDEX sendings_list ON sendings (subscriber, id);
CREATE INDEX sendings_age ON sendings (last);
