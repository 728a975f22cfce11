CREATE INDEX CONCURRENTLY IF NOT EXISTS changes_chain ON changes (chain);
