-- +goose Up
-- What is made from a file to be looked at in its place (派生件): it can always be made again from the original.
CREATE TABLE derivative (
    id            TEXT   NOT NULL PRIMARY KEY,
    file_id       TEXT   NOT NULL REFERENCES recording_file (id),
    kind          TEXT   NOT NULL CHECK (kind IN ('copy', 'poster', 'strip', 'waveform', 'speech')),
    state         TEXT   NOT NULL CHECK (state IN ('wanted', 'ready', 'failed', 'none')),
    reason        TEXT   NOT NULL DEFAULT '', -- why it failed
    source_sha256 TEXT   NOT NULL,            -- of the original
    sha256        TEXT   NOT NULL DEFAULT '', -- of what was made; its object in the vault for derivatives
    size          BIGINT NOT NULL DEFAULT 0,
    duration_us   BIGINT NOT NULL DEFAULT 0,
    detail        TEXT   NOT NULL DEFAULT '', -- JSON, by kind
    segments      TEXT   NOT NULL DEFAULT '', -- JSON of a viewing copy: where each begins and when it is shown
    tool          TEXT   NOT NULL DEFAULT '',
    sandbox       TEXT   NOT NULL DEFAULT '',
    wanted_at     BIGINT NOT NULL,
    made_at       BIGINT NOT NULL DEFAULT 0,
    CHECK ((state = 'ready') = (sha256 <> '')),
    CHECK ((state = 'failed') = (reason <> ''))
);
CREATE UNIQUE INDEX derivative_file ON derivative (file_id, kind);
CREATE INDEX derivative_state ON derivative (state, wanted_at);

-- +goose Down
DROP TABLE derivative;
