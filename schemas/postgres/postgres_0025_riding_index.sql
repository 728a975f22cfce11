-- Those that another's build answers and that have not ended: a few, however many were answered before.
CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_riding ON requests (answered_by) WHERE answered_by IS NOT NULL AND finished IS NULL;
