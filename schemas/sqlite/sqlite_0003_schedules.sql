-- When each rule of the clock fires next, and what it built the last time.
CREATE TABLE schedules (
    scheduler TEXT NOT NULL PRIMARY KEY,
    -- What the time was computed from: with another, it is computed anew.
    key TEXT NOT NULL,
    due INTEGER NOT NULL,
    last_change INTEGER REFERENCES changes (id)
) STRICT, WITHOUT ROWID;
