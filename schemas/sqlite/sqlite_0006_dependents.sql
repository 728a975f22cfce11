-- Buildsets whose end some scheduler waits for. A row is there from the making of the buildset until its end was followed.
CREATE TABLE awaited (
    buildset INTEGER NOT NULL PRIMARY KEY REFERENCES buildsets (id)
) STRICT;
