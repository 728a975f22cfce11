-- Who had a configuration applied, as they said it; NULL: the process that was started with its file.
ALTER TABLE configurations ADD COLUMN applied_by text;
-- The earlier revision that this one is again.
ALTER TABLE configurations ADD COLUMN restores bigint;
-- The revision that a buildset was planned under; NULL: it was made before that was kept. No foreign key: each buildset would lock the one row of the
-- configuration in force, and revisions are never removed.
ALTER TABLE buildsets ADD COLUMN configuration bigint;
