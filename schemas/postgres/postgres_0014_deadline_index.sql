CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_deadline ON requests (deadline) WHERE deadline IS NOT NULL AND fence = 0 AND phase <> 'finished';
