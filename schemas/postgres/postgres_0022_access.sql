-- Who may do what. Of a secret only its hash is kept.
CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    role text NOT NULL CHECK (role IN ('reader', 'submitter', 'operator', 'admin', 'worker')),
    -- A list of names; null: every project.
    projects json,
    -- Which workers may open sessions with it, as a pattern.
    workers text,
    hash text NOT NULL CHECK (length(hash) = 64),
    -- The token that somebody signed in with at the pages, where this one stands for their session.
    parent bigint REFERENCES tokens (id),
    created bigint NOT NULL,
    created_by text NOT NULL,
    expires bigint,
    revoked bigint,
    used bigint,
    CHECK ((role = 'worker') = (workers IS NOT NULL)),
    CHECK (projects IS NULL OR role NOT IN ('worker', 'admin'))
);
CREATE INDEX tokens_live ON tokens (id) WHERE revoked IS NULL;
CREATE INDEX tokens_parent ON tokens (parent) WHERE parent IS NOT NULL AND revoked IS NULL;

-- Raised with every token that is made or ended, so that whoever judges by what it read before knows to read again.
CREATE TABLE access (
    one bigint NOT NULL PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL CHECK (version >= 1)
);
INSERT INTO access (one, version) VALUES (1, 1);

-- Who changed what.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    principal text NOT NULL,
    token bigint,
    action text NOT NULL,
    detail text NOT NULL,
    target_kind text NOT NULL,
    target_id text NOT NULL,
    project text
);
CREATE INDEX audit_target ON audit (target_kind, target_id, id);
CREATE INDEX audit_principal ON audit (principal, id);

-- The token that a worker opened its session with; null: none was asked for.
ALTER TABLE sessions ADD COLUMN token bigint;
-- Who submitted a change, where the server knows it.
ALTER TABLE changes ADD COLUMN submitted_by text;
