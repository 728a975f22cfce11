-- Who is sent events over HTTP, and how far each is. Written only by the process that holds the lease.
CREATE TABLE subscribers (
    name TEXT PRIMARY KEY NOT NULL,
    -- Every event up to here is sent, set aside, given up or not meant for it.
    shard INTEGER NOT NULL,
    tick INTEGER NOT NULL CHECK (tick >= 0),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    -- The fence of a leader is its term.
    owner TEXT,
    term INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    -- Grows when somebody asks for a sending to be repeated.
    asked INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    last_sent INTEGER,
    last_failed INTEGER,
    error TEXT NOT NULL DEFAULT '',
    failing_since INTEGER
) STRICT, WITHOUT ROWID;

-- What was sent to them, for a while, and what was set aside to be tried again. Each holds its event, for it may wait longer than the outbox keeps that.
CREATE TABLE sendings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT NOT NULL REFERENCES subscribers (name) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('waiting', 'sent', 'given_up')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- When it is tried again; NULL for one that waits behind another of its entity.
    next INTEGER,
    -- Of the last answer; NULL when there was none.
    status INTEGER,
    reason TEXT NOT NULL,
    -- Asked for by somebody: it waits for no other.
    again INTEGER NOT NULL CHECK (again IN (0, 1)),
    shard INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id INTEGER NOT NULL,
    entity_version INTEGER NOT NULL,
    routing_key TEXT NOT NULL,
    occurred INTEGER NOT NULL,
    chain TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (subscriber, message_id),
    CHECK (outcome = 'waiting' OR next IS NULL)
) STRICT;
CREATE INDEX sendings_waiting ON sendings (subscriber, tick, seq) WHERE outcome = 'waiting';
CREATE INDEX sendings_list ON sendings (subscriber, id);
CREATE INDEX sendings_age ON sendings (last);
