-- What a request asks for, as a digest: requests with equal ones are answered by one build. NULL: by a build of its own.
ALTER TABLE requests ADD COLUMN identity text;
-- The build of another request that answers it; NULL: a build of its own does. It has the phase of that build's request, so that nobody claims it, and a
-- dispatcher of the version before, which does not know of it, leaves it to those that do.
ALTER TABLE requests ADD COLUMN answered_by bigint REFERENCES builds (id);
-- What is there already cannot contradict it.
ALTER TABLE requests ADD CONSTRAINT requests_answered_by_check CHECK (answered_by IS NULL OR phase IN ('claimed', 'finished')) NOT VALID;
-- The newest result of each builder that says so (`reuse`), under a digest of what was built and of the recipe: it answers requests that come later.
CREATE TABLE results (
    key text NOT NULL PRIMARY KEY CHECK (length(key) = 64),
    build bigint NOT NULL REFERENCES builds (id),
    outcome text NOT NULL CHECK (outcome IN ('success', 'warnings', 'failure')),
    finished bigint NOT NULL
);
CREATE INDEX results_age ON results (finished);
