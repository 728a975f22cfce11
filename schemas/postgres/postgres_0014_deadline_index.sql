CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_deadline ON requests (deadline) WHERE deadline IS NOT NULL AND claimed IS NULL AND phase <> 'finished';
