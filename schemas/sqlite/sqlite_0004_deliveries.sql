-- What forges delivered, for a while: to see why one was refused or made nothing, and to read it again when that is mended.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    -- The forge's own name of it; NULL when it gave none.
    name TEXT,
    event TEXT NOT NULL,
    received INTEGER NOT NULL,
    -- When it was read again; the verdict is that of the last time.
    redelivered INTEGER,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'ignored', 'refused')),
    reason TEXT NOT NULL,
    changes INTEGER NOT NULL CHECK (changes >= 0),
    -- Those that are needed to read it; never what it was signed with.
    headers TEXT NOT NULL CHECK (json_valid(headers)),
    size INTEGER NOT NULL CHECK (size >= 0),
    -- Its number among those of its source, and how many bytes of bodies were kept of all before it: what is over the bounds of a source is found without
    -- counting.
    place INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    -- NULL when it was too large to be kept.
    body BLOB CHECK (body IS NULL OR length(body) = size),
    UNIQUE (source, place),
    CHECK ((verdict = 'accepted') = (changes > 0))
) STRICT;
CREATE INDEX deliveries_bytes ON deliveries (source, bytes);
CREATE INDEX deliveries_age ON deliveries (received);
