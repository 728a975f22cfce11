-- The embedded store. Times are microseconds since 1970 in UTC; JSON columns hold JSON text; outcomes, phases and causes are the words of the domain.
-- Queue reads go through partial indexes, which hold only what is open: history does not slow them.

CREATE TABLE deployment (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL CHECK (length(id) = 36),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE configurations (
    id INTEGER NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    document TEXT NOT NULL CHECK (json_valid(document)),
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0)
) STRICT;

CREATE TABLE changes (
    id INTEGER NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    chain TEXT NOT NULL CHECK (length(chain) = 36),
    project TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL,
    revision TEXT NOT NULL,
    author TEXT NOT NULL,
    comments TEXT NOT NULL,
    files TEXT NOT NULL CHECK (json_valid(files)),
    category TEXT NOT NULL,
    made INTEGER,
    properties TEXT NOT NULL CHECK (json_valid(properties)),
    accepted INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_branch ON changes (branch, id);
CREATE INDEX changes_revision ON changes (revision, id);

-- What makes a change unique, apart from the change: retention may drop the one and keep the other.
CREATE TABLE change_keys (
    source TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    change INTEGER NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (source, dedupe_key)
) STRICT, WITHOUT ROWID;

-- Accepted changes that no rule has looked at; a row leaves with the plan that it led to.
CREATE TABLE unclassified (
    change INTEGER NOT NULL PRIMARY KEY REFERENCES changes (id),
    accepted INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
    name TEXT NOT NULL PRIMARY KEY,
    position TEXT,
    health TEXT CHECK (health IS NULL OR json_valid(health))
) STRICT, WITHOUT ROWID;

CREATE TABLE quiet_times (
    id INTEGER NOT NULL PRIMARY KEY,
    scheduler TEXT NOT NULL,
    codebase TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL,
    generation INTEGER NOT NULL CHECK (generation >= 0),
    fires INTEGER,
    UNIQUE (scheduler, codebase, repository, branch)
) STRICT;
CREATE INDEX quiet_times_due ON quiet_times (fires) WHERE fires IS NOT NULL;

CREATE TABLE quiet_changes (
    quiet INTEGER NOT NULL REFERENCES quiet_times (id) ON DELETE CASCADE,
    change INTEGER NOT NULL REFERENCES changes (id),
    PRIMARY KEY (quiet, change)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_stamps (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    project TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL,
    revision TEXT,
    codebase TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX source_stamps_revision ON source_stamps (revision);

CREATE TABLE buildsets (
    id INTEGER NOT NULL PRIMARY KEY,
    scheduler TEXT NOT NULL,
    trigger_key TEXT NOT NULL,
    reason TEXT NOT NULL,
    chain TEXT NOT NULL CHECK (length(chain) = 36),
    parents TEXT NOT NULL CHECK (json_valid(parents)),
    stamp TEXT NOT NULL REFERENCES source_stamps (id),
    branch TEXT NOT NULL,
    changes TEXT NOT NULL CHECK (json_valid(changes)),
    author TEXT NOT NULL,
    comments TEXT NOT NULL,
    properties TEXT NOT NULL CHECK (json_valid(properties)),
    open_requests INTEGER NOT NULL CHECK (open_requests >= 0),
    outcome TEXT CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    created INTEGER NOT NULL,
    finished INTEGER,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (scheduler, trigger_key),
    CHECK ((finished IS NULL) = (outcome IS NULL)),
    CHECK (finished IS NULL OR open_requests = 0)
) STRICT;
CREATE INDEX buildsets_branch ON buildsets (branch, id);
CREATE INDEX buildsets_scheduler ON buildsets (scheduler, id);
CREATE INDEX buildsets_stamp ON buildsets (stamp, id);
CREATE INDEX buildsets_open ON buildsets (id) WHERE finished IS NULL;

CREATE TABLE buildset_changes (
    change INTEGER NOT NULL,
    buildset INTEGER NOT NULL REFERENCES buildsets (id),
    PRIMARY KEY (change, buildset)
) STRICT, WITHOUT ROWID;

-- What pending requests are matched by: a builder and the labels that it asks for.
CREATE TABLE match_classes (
    id INTEGER NOT NULL PRIMARY KEY,
    builder TEXT NOT NULL,
    labels TEXT NOT NULL CHECK (json_valid(labels)),
    UNIQUE (builder, labels)
) STRICT;

CREATE TABLE requests (
    id INTEGER NOT NULL PRIMARY KEY,
    buildset INTEGER NOT NULL REFERENCES buildsets (id),
    builder TEXT NOT NULL,
    match_class INTEGER NOT NULL REFERENCES match_classes (id),
    phase TEXT NOT NULL CHECK (phase IN ('waiting', 'pending', 'claimed', 'finished')),
    priority INTEGER NOT NULL,
    -- Builds that counted; builds that a worker gave back in good order do not.
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_allowed INTEGER NOT NULL CHECK (attempts_allowed >= 1),
    -- The fence of its newest build; the next build gets the next one.
    fence INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
    workers_lost TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(workers_lost)),
    cancel_reason TEXT,
    outcome TEXT CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause TEXT,
    text TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    claimed INTEGER,
    finished INTEGER,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (buildset, builder),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL)),
    CHECK ((phase = 'finished') = (finished IS NOT NULL))
) STRICT;
CREATE INDEX requests_pending ON requests (match_class, priority DESC, id) WHERE phase = 'pending';
CREATE INDEX requests_open ON requests (phase, id) WHERE phase <> 'finished';
CREATE INDEX requests_builder ON requests (builder, id);

CREATE TABLE workers (
    name TEXT NOT NULL PRIMARY KEY,
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    labels TEXT NOT NULL CHECK (json_valid(labels)),
    slots INTEGER NOT NULL CHECK (slots >= 1),
    program_version TEXT NOT NULL,
    connected INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY,
    worker TEXT NOT NULL REFERENCES workers (name),
    incarnation TEXT NOT NULL,
    secret_hash TEXT NOT NULL CHECK (length(secret_hash) = 64),
    labels TEXT NOT NULL CHECK (json_valid(labels)),
    slots INTEGER NOT NULL CHECK (slots >= 1),
    program_version TEXT NOT NULL,
    opened INTEGER NOT NULL,
    ended INTEGER,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (worker, incarnation)
) STRICT;
CREATE UNIQUE INDEX sessions_open ON sessions (worker) WHERE ended IS NULL;

CREATE TABLE builds (
    id INTEGER NOT NULL PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests (id),
    buildset INTEGER NOT NULL REFERENCES buildsets (id),
    builder TEXT NOT NULL,
    branch TEXT NOT NULL,
    worker TEXT NOT NULL,
    session INTEGER NOT NULL REFERENCES sessions (id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    -- The recipe it runs: the configuration in force when it was assigned.
    configuration INTEGER NOT NULL REFERENCES configurations (id),
    phase TEXT NOT NULL CHECK (phase IN ('assigned', 'running', 'finished')),
    fence INTEGER NOT NULL CHECK (fence >= 1),
    outcome TEXT CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause TEXT,
    text TEXT NOT NULL DEFAULT '',
    cancel_reason TEXT,
    assigned INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    renewed INTEGER NOT NULL,
    -- The key of the report that finished it: its repeat is answered, not refused.
    finish_key TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    UNIQUE (request, attempt),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL)),
    CHECK ((phase = 'finished') = (finished IS NOT NULL))
) STRICT;
-- At most one build of a request is open: no build is done twice.
CREATE UNIQUE INDEX builds_open_request ON builds (request) WHERE phase <> 'finished';
CREATE INDEX builds_open ON builds (session, id) WHERE phase <> 'finished';
CREATE INDEX builds_buildset ON builds (buildset, id);
CREATE INDEX builds_builder ON builds (builder, id);
CREATE INDEX builds_worker ON builds (worker, id);
CREATE INDEX builds_branch ON builds (branch, id);

-- Keys of reports about open builds: a repeat gets the first answer. Removed with the end of the build.
CREATE TABLE report_keys (
    build INTEGER NOT NULL REFERENCES builds (id),
    key TEXT NOT NULL,
    PRIMARY KEY (build, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    build INTEGER NOT NULL REFERENCES builds (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    name TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('running', 'finished')),
    outcome TEXT CHECK (outcome IN ('success', 'warnings', 'failure', 'skipped', 'exception', 'cancelled')),
    cause TEXT,
    exit_status INTEGER,
    signal INTEGER,
    duration_ms INTEGER,
    text TEXT NOT NULL DEFAULT '',
    started INTEGER NOT NULL,
    finished INTEGER,
    PRIMARY KEY (build, number, attempt),
    CHECK ((phase = 'finished') = (outcome IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The bytes are files beside the database; a row says which step wrote them and, once closed, what they are.
CREATE TABLE logs (
    build INTEGER NOT NULL REFERENCES builds (id),
    name TEXT NOT NULL,
    step INTEGER NOT NULL CHECK (step >= 0),
    size INTEGER CHECK (size >= 0),
    sha256 TEXT CHECK (length(sha256) = 64),
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (build, name),
    CHECK (closed = 0 OR size IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Whoever removes old events keeps the newest one: the next number is counted from it.
CREATE TABLE outbox (
    seq INTEGER NOT NULL PRIMARY KEY,
    message_id TEXT NOT NULL CHECK (length(message_id) = 36),
    event TEXT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('change', 'buildset', 'request', 'build', 'session', 'config')),
    entity_id INTEGER NOT NULL,
    entity_version INTEGER NOT NULL CHECK (entity_version >= 1),
    routing_key TEXT NOT NULL CHECK (length(routing_key) <= 255),
    chain TEXT NOT NULL CHECK (json_valid(chain)),
    data TEXT NOT NULL CHECK (json_valid(data)),
    occurred INTEGER NOT NULL
) STRICT;
CREATE TRIGGER outbox_is_insert_only BEFORE UPDATE ON outbox BEGIN
    SELECT RAISE(ABORT, 'the outbox is insert-only');
END;

-- Answers to writes that clients may repeat, kept for seven days.
CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL CHECK (length(body_hash) = 64),
    answer TEXT NOT NULL CHECK (json_valid(answer)),
    created INTEGER NOT NULL,
    PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created);
