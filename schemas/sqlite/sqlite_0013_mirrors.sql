-- Branches that several sources of one group tell of: where each stands by the last that was told.
CREATE TABLE mirror_lines (
    line TEXT NOT NULL PRIMARY KEY,
    -- The number of the newest move.
    last INTEGER NOT NULL DEFAULT 0 CHECK (last >= 0),
    -- NULL: nobody has told yet where it stands.
    end_place INTEGER,
    end_revision TEXT,
    CHECK ((end_place IS NULL) = (end_revision IS NULL)),
    CHECK (end_place IS NULL OR end_place <= last)
) STRICT, WITHOUT ROWID;

-- The newest of what was told of each, in order.
CREATE TABLE mirror_moves (
    line TEXT NOT NULL,
    place INTEGER NOT NULL CHECK (place >= 1),
    revision TEXT NOT NULL,
    -- Who told it first.
    source TEXT NOT NULL,
    change INTEGER NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (line, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_moves_revision ON mirror_moves (line, revision, place);

-- Where in that each source stands.
CREATE TABLE mirror_places (
    line TEXT NOT NULL,
    source TEXT NOT NULL,
    place INTEGER NOT NULL CHECK (place >= 1),
    PRIMARY KEY (line, source)
) STRICT, WITHOUT ROWID;

-- Who told of a change that another source had told first, and under which chain that was promised.
CREATE TABLE change_tellings (
    chain TEXT NOT NULL PRIMARY KEY CHECK (length(chain) = 36),
    change INTEGER NOT NULL,
    source TEXT NOT NULL,
    told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX change_tellings_change ON change_tellings (change);

-- A change by the chain that was promised for it.
CREATE INDEX changes_chain ON changes (chain);
