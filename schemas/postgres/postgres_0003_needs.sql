-- Requests that wait for others of their buildset. Neither column rewrites its table.
ALTER TABLE buildsets ADD COLUMN has_needs boolean NOT NULL DEFAULT false;
-- What a request waits for, as its builder said when the buildset was made.
ALTER TABLE requests ADD COLUMN needs json NOT NULL DEFAULT '[]';
