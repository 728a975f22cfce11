CREATE INDEX CONCURRENTLY IF NOT EXISTS changes_untrusted ON changes (id) WHERE properties->>'untrusted' = 'true';
