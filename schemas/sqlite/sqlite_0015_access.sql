-- Who may do what. Of a secret only its hash is kept.
CREATE TABLE tokens (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CHECK (name <> ''),
    role TEXT NOT NULL CHECK (role IN ('reader', 'submitter', 'operator', 'admin', 'worker')),
    -- A list of names; NULL: every project.
    projects TEXT CHECK (projects IS NULL OR json_valid(projects)),
    -- Which workers may open sessions with it, as a pattern.
    workers TEXT,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    -- The token that somebody signed in with at the pages, where this one stands for their session.
    parent INTEGER REFERENCES tokens (id),
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    used INTEGER,
    CHECK ((role = 'worker') = (workers IS NOT NULL)),
    CHECK (projects IS NULL OR role NOT IN ('worker', 'admin'))
) STRICT;
CREATE INDEX tokens_live ON tokens (id) WHERE revoked IS NULL;
CREATE INDEX tokens_parent ON tokens (parent) WHERE parent IS NOT NULL AND revoked IS NULL;

-- Raised with every token that is made or ended, so that whoever judges by what it read before knows to read again.
CREATE TABLE access (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL CHECK (version >= 1)
) STRICT;
INSERT INTO access (one, version) VALUES (1, 1);

-- Who changed what.
CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    principal TEXT NOT NULL,
    token INTEGER,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    project TEXT
) STRICT;
CREATE INDEX audit_target ON audit (target_kind, target_id, id);
CREATE INDEX audit_principal ON audit (principal, id);
CREATE TRIGGER audit_is_insert_only BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is insert-only');
END;

-- The token that a worker opened its session with; NULL: none was asked for.
ALTER TABLE sessions ADD COLUMN token INTEGER;
-- Who submitted a change, where the server knows it.
ALTER TABLE changes ADD COLUMN submitted_by TEXT;
