-- What a request asks for, as a digest: requests with equal ones are answered by one build. NULL: by a build of its own.
ALTER TABLE requests ADD COLUMN identity TEXT CHECK (identity IS NULL OR length(identity) = 64);
-- The build of another request that answers it; NULL: a build of its own does.
ALTER TABLE requests ADD COLUMN answered_by INTEGER REFERENCES builds (id) CHECK (answered_by IS NULL OR phase IN ('claimed', 'finished'));
CREATE INDEX requests_identity ON requests (identity, priority DESC, id) WHERE phase = 'pending' AND identity IS NOT NULL;
CREATE INDEX requests_answered ON requests (answered_by) WHERE answered_by IS NOT NULL;
-- The newest result of each builder that says so (`reuse`), under a digest of what was built and of the recipe: it answers requests that come later.
CREATE TABLE results (
    key TEXT NOT NULL PRIMARY KEY CHECK (length(key) = 64),
    -- No reference: each new build would be looked for here.
    build INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('success', 'warnings', 'failure')),
    finished INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX results_age ON results (finished);
