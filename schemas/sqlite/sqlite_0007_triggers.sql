-- What the steps of builds triggered. A row is there from the making of the buildset until the build has ended and nothing waits for it any more.
CREATE TABLE triggered (
    buildset INTEGER NOT NULL PRIMARY KEY REFERENCES buildsets (id),
    build INTEGER NOT NULL REFERENCES builds (id),
    step INTEGER NOT NULL CHECK (step >= 1),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    -- The step waits for it: once its build has ended, it is not needed any more.
    waits INTEGER NOT NULL CHECK (waits IN (0, 1))
) STRICT;
CREATE INDEX triggered_build ON triggered (build);
