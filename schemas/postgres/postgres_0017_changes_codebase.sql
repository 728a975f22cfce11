-- The newest change of a repository's branch up to another change.
CREATE INDEX CONCURRENTLY IF NOT EXISTS changes_codebase ON changes (repository, branch, id);
