-- +goose Up
-- Scrub (巡检): which sealed object was last read back from the disk whole, and in which cycle.
CREATE TABLE scrub_object (
    sha256       TEXT   NOT NULL PRIMARY KEY,
    file_id      TEXT   NOT NULL,
    recording_id TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    linked       BIGINT NOT NULL CHECK (linked IN (0, 1)), -- belongs to a case
    cycle        BIGINT NOT NULL, -- that last read it; 0: none, or it is to be read again
    last_good    BIGINT NOT NULL  -- 0: never
);
CREATE INDEX scrub_object_next ON scrub_object (linked DESC, file_id DESC);

CREATE TABLE scrub_cycle (
    number  BIGINT NOT NULL PRIMARY KEY,
    began   BIGINT NOT NULL,
    ended   BIGINT NOT NULL, -- 0: not yet
    objects BIGINT NOT NULL, -- read
    bytes   BIGINT NOT NULL,
    busy    BIGINT NOT NULL  -- microseconds spent reading
);

-- What was found wrong. A damaged object stays where it is.
CREATE TABLE scrub_finding (
    mark         TEXT   NOT NULL PRIMARY KEY, -- what makes it the same finding when it is met again
    code         TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    what         TEXT   NOT NULL,
    file_id      TEXT   NOT NULL,
    recording_id TEXT   NOT NULL,
    last_good    BIGINT NOT NULL, -- 0: never
    found        BIGINT NOT NULL,
    ended        BIGINT NOT NULL, -- 0: still so
    entry_id     TEXT   NOT NULL
);

-- One row, once a server has scrubbed: which server scrubs, and when rows and log were last compared and last found whole.
CREATE TABLE scrub_state (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    holder     TEXT   NOT NULL,
    until      BIGINT NOT NULL,
    rows_at    BIGINT NOT NULL,
    rows_good  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE scrub_state;
DROP TABLE scrub_finding;
DROP TABLE scrub_cycle;
DROP TABLE scrub_object;
