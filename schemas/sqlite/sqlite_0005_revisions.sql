-- Who had a configuration applied, as they said it; NULL: the process that was started with its file.
ALTER TABLE configurations ADD COLUMN applied_by TEXT;
-- The earlier revision that this one is again.
ALTER TABLE configurations ADD COLUMN restores INTEGER REFERENCES configurations (id);
-- The revision that a buildset was planned under; NULL: it was made before that was kept.
ALTER TABLE buildsets ADD COLUMN configuration INTEGER REFERENCES configurations (id);
