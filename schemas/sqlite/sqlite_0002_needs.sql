-- Requests that wait for others of their buildset.
ALTER TABLE buildsets ADD COLUMN has_needs INTEGER NOT NULL DEFAULT 0 CHECK (has_needs IN (0, 1));
-- What a request waits for, as its builder said when the buildset was made.
ALTER TABLE requests ADD COLUMN needs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(needs));
