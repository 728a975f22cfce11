-- When each rule of the clock fires next, and what it built the last time.
CREATE TABLE schedules (
    scheduler text NOT NULL PRIMARY KEY,
    -- What the time was computed from: with another, it is computed anew.
    key text NOT NULL,
    due bigint NOT NULL,
    last_change bigint REFERENCES changes (id)
);
