-- What the steps of builds triggered. A row is there from the making of the buildset until the build has ended and nothing waits for it any more.
CREATE TABLE triggered (
    buildset bigint NOT NULL PRIMARY KEY REFERENCES buildsets (id),
    build bigint NOT NULL REFERENCES builds (id),
    step integer NOT NULL CHECK (step >= 1),
    attempt integer NOT NULL CHECK (attempt >= 1),
    -- The step waits for it: once its build has ended, it is not needed any more.
    waits boolean NOT NULL
);
CREATE INDEX triggered_build ON triggered (build);
