CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_identity ON requests (identity, priority DESC, id) WHERE phase = 'pending' AND identity IS NOT NULL;
