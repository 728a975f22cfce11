-- The store of many processes. Times are microseconds since 1970 in UTC; JSON columns are json, which keeps the text as it was written; outcomes, phases and
-- causes are the words of the domain.
--
-- Rules for later migrations: a released file never changes; a new one only adds (columns with a default that is no function, tables, indexes built
-- CONCURRENTLY in a file of their own), so that the version before it goes on working; what is not used any more is removed one release later.
-- Queue reads go through partial indexes, which hold only what is open. `renewed` and the other columns that are written often are in no index.

CREATE TABLE deployment (
    one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    id text NOT NULL CHECK (length(id) = 36),
    epoch bigint NOT NULL CHECK (epoch >= 1),
    -- By which a restore or a promotion is recognised: published state may have been rewound.
    system_identifier bigint NOT NULL,
    timeline bigint NOT NULL,
    created bigint NOT NULL
);

CREATE TABLE configurations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL CHECK (length(digest) = 64),
    document json NOT NULL,
    applied bigint NOT NULL,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0)
);

CREATE TABLE changes (
    id bigint PRIMARY KEY,
    source text NOT NULL,
    dedupe_key text NOT NULL,
    chain text NOT NULL CHECK (length(chain) = 36),
    project text NOT NULL,
    repository text NOT NULL,
    branch text NOT NULL,
    revision text NOT NULL,
    author text NOT NULL,
    comments text NOT NULL,
    files json NOT NULL,
    category text NOT NULL,
    made bigint,
    properties json NOT NULL,
    accepted bigint NOT NULL
);
CREATE SEQUENCE changes_id AS bigint OWNED BY changes.id;
CREATE INDEX changes_branch ON changes (branch, id);
CREATE INDEX changes_revision ON changes (revision, id);

-- What makes a change unique, apart from the change: retention may drop the one and keep the other.
CREATE TABLE change_keys (
    source text NOT NULL,
    dedupe_key text NOT NULL,
    change bigint NOT NULL,
    chain text NOT NULL,
    PRIMARY KEY (source, dedupe_key)
);

-- Accepted changes that no rule has looked at; a row leaves with the plan that it led to.
CREATE TABLE unclassified (
    change bigint NOT NULL PRIMARY KEY REFERENCES changes (id),
    accepted bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE sources (
    name text NOT NULL PRIMARY KEY,
    position text,
    health json,
    -- Who polls it, and until when nobody else does.
    poller text,
    polled_until bigint
);

CREATE TABLE quiet_times (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheduler text NOT NULL,
    codebase text NOT NULL,
    repository text NOT NULL,
    branch text NOT NULL,
    generation bigint NOT NULL CHECK (generation >= 0),
    fires bigint,
    UNIQUE (scheduler, codebase, repository, branch)
) WITH (fillfactor = 70);
CREATE INDEX quiet_times_due ON quiet_times (fires) WHERE fires IS NOT NULL;

CREATE TABLE quiet_changes (
    quiet bigint NOT NULL REFERENCES quiet_times (id) ON DELETE CASCADE,
    change bigint NOT NULL REFERENCES changes (id),
    PRIMARY KEY (quiet, change)
);

CREATE TABLE source_stamps (
    id text NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    project text NOT NULL,
    repository text NOT NULL,
    branch text NOT NULL,
    revision text,
    codebase text NOT NULL
);
CREATE INDEX source_stamps_revision ON source_stamps (revision);

CREATE TABLE buildsets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheduler text NOT NULL,
    trigger_key text NOT NULL,
    reason text NOT NULL,
    chain text NOT NULL CHECK (length(chain) = 36),
    parents json NOT NULL,
    stamp text NOT NULL REFERENCES source_stamps (id),
    branch text NOT NULL,
    changes json NOT NULL,
    author text NOT NULL,
    comments text NOT NULL,
    properties json NOT NULL,
    open_requests bigint NOT NULL CHECK (open_requests >= 0),
    outcome text CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    created bigint NOT NULL,
    finished bigint,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (scheduler, trigger_key),
    CHECK ((finished IS NULL) = (outcome IS NULL)),
    CHECK (finished IS NULL OR open_requests = 0)
) WITH (fillfactor = 85);
CREATE INDEX buildsets_branch ON buildsets (branch, id);
CREATE INDEX buildsets_scheduler ON buildsets (scheduler, id);
CREATE INDEX buildsets_stamp ON buildsets (stamp, id);
CREATE INDEX buildsets_open ON buildsets (id) WHERE finished IS NULL;

CREATE TABLE buildset_changes (
    change bigint NOT NULL,
    buildset bigint NOT NULL REFERENCES buildsets (id),
    PRIMARY KEY (change, buildset)
);

-- What pending requests are matched by: a builder and the labels that it asks for.
CREATE TABLE match_classes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    builder text NOT NULL,
    labels text NOT NULL,
    UNIQUE (builder, labels)
);

CREATE TABLE requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    buildset bigint NOT NULL REFERENCES buildsets (id),
    builder text NOT NULL,
    match_class bigint NOT NULL REFERENCES match_classes (id),
    phase text NOT NULL CHECK (phase IN ('waiting', 'pending', 'claimed', 'finished')),
    priority bigint NOT NULL,
    -- Builds that counted; builds that a worker gave back in good order do not.
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_allowed bigint NOT NULL CHECK (attempts_allowed >= 1),
    -- The fence of its newest build; the next build gets the next one.
    fence bigint NOT NULL DEFAULT 0 CHECK (fence >= 0),
    workers_lost json NOT NULL DEFAULT '[]',
    cancel_reason text,
    outcome text CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause text,
    text text NOT NULL DEFAULT '',
    created bigint NOT NULL,
    claimed bigint,
    finished bigint,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (buildset, builder),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL)),
    CHECK ((phase = 'finished') = (finished IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000);
CREATE INDEX requests_pending ON requests (match_class, priority DESC, id) WHERE phase = 'pending';
CREATE INDEX requests_open ON requests (phase, id) WHERE phase <> 'finished';
CREATE INDEX requests_builder ON requests (builder, id);

CREATE TABLE workers (
    name text NOT NULL PRIMARY KEY,
    paused boolean NOT NULL DEFAULT false,
    labels text NOT NULL,
    slots bigint NOT NULL CHECK (slots >= 1),
    program_version text NOT NULL,
    connected bigint NOT NULL
);

CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker text NOT NULL REFERENCES workers (name),
    incarnation text NOT NULL,
    secret_hash text NOT NULL CHECK (length(secret_hash) = 64),
    labels text NOT NULL,
    slots bigint NOT NULL CHECK (slots >= 1),
    program_version text NOT NULL,
    opened bigint NOT NULL,
    -- When some dispatcher last heard of it.
    heard bigint NOT NULL,
    ended bigint,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (worker, incarnation)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX sessions_open ON sessions (worker) WHERE ended IS NULL;

CREATE TABLE builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request bigint NOT NULL REFERENCES requests (id),
    buildset bigint NOT NULL REFERENCES buildsets (id),
    builder text NOT NULL,
    branch text NOT NULL,
    worker text NOT NULL,
    session bigint NOT NULL REFERENCES sessions (id),
    attempt bigint NOT NULL CHECK (attempt >= 1),
    -- The recipe it runs: the configuration in force when it was assigned.
    configuration bigint NOT NULL REFERENCES configurations (id),
    phase text NOT NULL CHECK (phase IN ('assigned', 'running', 'finished')),
    fence bigint NOT NULL CHECK (fence >= 1),
    outcome text CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause text,
    text text NOT NULL DEFAULT '',
    cancel_reason text,
    assigned bigint NOT NULL,
    started bigint,
    finished bigint,
    renewed bigint NOT NULL,
    -- The key of the report that finished it: its repeat is answered, not refused.
    finish_key text,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (request, attempt),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL)),
    CHECK ((phase = 'finished') = (finished IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000);
-- At most one build of a request is open: no build is done twice.
CREATE UNIQUE INDEX builds_open_request ON builds (request) WHERE phase <> 'finished';
CREATE INDEX builds_open ON builds (session, id) WHERE phase <> 'finished';
CREATE INDEX builds_buildset ON builds (buildset, id);
CREATE INDEX builds_builder ON builds (builder, id);
CREATE INDEX builds_worker ON builds (worker, id);
CREATE INDEX builds_branch ON builds (branch, id);

-- Keys of reports about open builds: a repeat gets the first answer. Removed with the end of the build.
CREATE TABLE report_keys (
    build bigint NOT NULL REFERENCES builds (id),
    key text NOT NULL,
    PRIMARY KEY (build, key)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE steps (
    build bigint NOT NULL REFERENCES builds (id),
    number bigint NOT NULL CHECK (number >= 1),
    attempt bigint NOT NULL CHECK (attempt >= 1),
    name text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('running', 'finished')),
    outcome text CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause text,
    exit_status bigint,
    signal bigint,
    duration_ms bigint,
    text text NOT NULL DEFAULT '',
    started bigint NOT NULL,
    finished bigint,
    PRIMARY KEY (build, number, attempt),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL))
) WITH (fillfactor = 80);

-- A log's row says how much of it is here, which step wrote it and, once closed, what it is. No bytes.
CREATE TABLE logs (
    build bigint NOT NULL REFERENCES builds (id),
    name text NOT NULL,
    step bigint NOT NULL CHECK (step >= 0),
    size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    sha256 text CHECK (length(sha256) = 64),
    closed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (build, name)
) WITH (fillfactor = 70);

-- The bytes of logs, apart from everything that is queued: dropped by partition, never deleted. No foreign key points here.
CREATE TABLE log_chunks (
    build bigint NOT NULL,
    name text NOT NULL,
    start bigint NOT NULL CHECK (start >= 0),
    bytes bytea COMPRESSION lz4 NOT NULL,
    made bigint NOT NULL
) PARTITION BY RANGE (made);
CREATE INDEX log_chunks_place ON log_chunks (build, name, start);
CREATE TABLE log_chunks_default PARTITION OF log_chunks DEFAULT;

-- Events, inserted in the transaction that changed the state, after the lock of the entity's row is held. Insert-only; dropped by partition.
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    shard integer NOT NULL DEFAULT 0,
    message_id text NOT NULL CHECK (length(message_id) = 36),
    event text NOT NULL,
    entity text NOT NULL CHECK (entity IN ('change', 'buildset', 'request', 'build', 'session', 'config', 'deployment')),
    entity_id bigint NOT NULL,
    entity_version bigint NOT NULL CHECK (entity_version >= 1),
    routing_key text NOT NULL CHECK (length(routing_key) <= 255),
    chain json NOT NULL,
    data json NOT NULL,
    occurred bigint NOT NULL
) PARTITION BY RANGE (occurred);
CREATE INDEX outbox_xid ON outbox (xid);
-- Batches that are too large to be sorted for each page are read by this.
CREATE INDEX outbox_seq ON outbox (seq);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
CREATE FUNCTION outbox_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Transaction numbers of another server mean nothing here: after a restore all rows are set to one that everybody sees, and to nothing else.
    IF NEW.xid = '1' THEN
        OLD.xid := '1';
        IF NEW::text = OLD::text THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the outbox is insert-only';
END $$;
CREATE TRIGGER outbox_is_insert_only BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION outbox_is_insert_only();

-- Answers to writes that clients may repeat, kept for seven days.
CREATE TABLE idempotency (
    principal text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL CHECK (length(body_hash) = 64),
    answer json NOT NULL,
    created bigint NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_age ON idempotency (created);

-- Every process of the deployment, and when it was last heard of.
CREATE TABLE services (
    incarnation text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    program_version text NOT NULL,
    address text NOT NULL,
    -- What it says of itself: healthy, or why not.
    health text NOT NULL DEFAULT '',
    started bigint NOT NULL,
    heard bigint NOT NULL
) WITH (fillfactor = 50);

-- Since when the database and some dispatcher have been reachable without a gap (rule 5 of leases): dispatchers beat, and a beat after a gap begins anew.
CREATE TABLE reachability (
    one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    since bigint NOT NULL,
    beat bigint NOT NULL
) WITH (fillfactor = 20);
