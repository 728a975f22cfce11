CREATE INDEX CONCURRENTLY IF NOT EXISTS requests_project ON requests (match_class, project, priority DESC, id) WHERE phase = 'pending';
