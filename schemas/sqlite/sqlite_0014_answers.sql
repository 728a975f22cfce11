-- What a request asks for, as a digest: requests with equal ones are answered by one build. NULL: by a build of its own.
ALTER TABLE requests ADD COLUMN identity TEXT CHECK (identity IS NULL OR length(identity) = 64);
-- The build of another request that answers it; NULL: a build of its own does.
ALTER TABLE requests ADD COLUMN answered_by INTEGER REFERENCES builds (id) CHECK (answered_by IS NULL OR phase IN ('claimed', 'finished'));
CREATE INDEX requests_identity ON requests (identity, priority DESC, id) WHERE phase = 'pending' AND identity IS NOT NULL;
CREATE INDEX requests_answered ON requests (answered_by) WHERE answered_by IS NOT NULL;
