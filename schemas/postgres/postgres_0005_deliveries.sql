-- What forges delivered, for a while: to see why one was refused or made nothing, and to read it again when that is mended.
CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    -- The forge's own name of it; null when it gave none.
    name text,
    event text NOT NULL,
    received bigint NOT NULL,
    -- When it was read again; the verdict is that of the last time.
    redelivered bigint,
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'ignored', 'refused')),
    reason text NOT NULL,
    changes bigint NOT NULL CHECK (changes >= 0),
    -- Those that are needed to read it; never what it was signed with.
    headers json NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    -- Its number among those of its source, and how many bytes of bodies were kept of all before it: what is over the bounds of a source is found without
    -- counting.
    place bigint NOT NULL,
    bytes bigint NOT NULL,
    -- null when it was too large to be kept.
    body bytea CHECK (body IS NULL OR octet_length(body) = size),
    UNIQUE (source, place),
    CHECK ((verdict = 'accepted') = (changes > 0))
);
CREATE INDEX deliveries_bytes ON deliveries (source, bytes);
CREATE INDEX deliveries_age ON deliveries (received);
