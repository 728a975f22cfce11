-- Branches that several sources of one group tell of: where each stands by the last that was told.
CREATE TABLE mirror_lines (
    line text NOT NULL PRIMARY KEY,
    -- The number of the newest move.
    last bigint NOT NULL DEFAULT 0 CHECK (last >= 0),
    -- NULL: nobody has told yet where it stands.
    end_place bigint,
    end_revision text,
    CHECK ((end_place IS NULL) = (end_revision IS NULL)),
    CHECK (end_place IS NULL OR end_place <= last)
) WITH (fillfactor = 70);

-- The newest of what was told of each, in order.
CREATE TABLE mirror_moves (
    line text NOT NULL,
    place bigint NOT NULL CHECK (place >= 1),
    revision text NOT NULL,
    -- Who told it first.
    source text NOT NULL,
    change bigint NOT NULL,
    chain text NOT NULL,
    PRIMARY KEY (line, place)
);
CREATE INDEX mirror_moves_revision ON mirror_moves (line, revision, place);

-- Where in that each source stands.
CREATE TABLE mirror_places (
    line text NOT NULL,
    source text NOT NULL,
    place bigint NOT NULL CHECK (place >= 1),
    PRIMARY KEY (line, source)
);

-- Who told of a change that another source had told first, and under which chain that was promised.
CREATE TABLE change_tellings (
    chain text NOT NULL PRIMARY KEY CHECK (length(chain) = 36),
    change bigint NOT NULL,
    source text NOT NULL,
    told bigint NOT NULL
);
CREATE INDEX change_tellings_change ON change_tellings (change);
