CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_answered ON requests (answered_by) WHERE answered_by IS NOT NULL;
