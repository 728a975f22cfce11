-- Patches that nobody has committed, under their SHA-256: for the builds whose stamps name them, and some time longer.
CREATE TABLE patches (
    id text NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    bytes bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 33554432),
    kept bigint NOT NULL
);
CREATE INDEX patches_age ON patches (kept);
ALTER TABLE source_stamps ADD COLUMN patch text CHECK (patch IS NULL OR length(patch) = 64);
