-- +goose Up
-- Files of one pressing are one recording (decision 13). What was sealed keeps its row: the later ones name the first.
ALTER TABLE recording ADD COLUMN joined_into TEXT NOT NULL DEFAULT ''; -- the recording it is a part of
ALTER TABLE recording ADD COLUMN whole_us BIGINT NOT NULL DEFAULT 0;   -- length with all parts; 0 without parts, -1 unknown
CREATE INDEX recording_joined ON recording (joined_into) WHERE joined_into <> '';

-- Who joined a recording to the one before, or took it off, and why. Never changed, never removed.
CREATE TABLE recording_join (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL REFERENCES recording (id), -- the whole
    part_id      TEXT   NOT NULL REFERENCES recording (id),
    kind         TEXT   NOT NULL CHECK (kind IN ('joined', 'apart')),
    how          TEXT   NOT NULL,
    gap_us       BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    by_person    TEXT   NOT NULL,
    by_name      TEXT   NOT NULL,
    words        TEXT   NOT NULL,
    entry_id     TEXT   NOT NULL
);
CREATE INDEX recording_join_part ON recording_join (part_id, at);
CREATE INDEX recording_join_whole ON recording_join (recording_id, at);
-- +goose StatementBegin
CREATE TRIGGER recording_join_fixed BEFORE UPDATE ON recording_join
BEGIN SELECT RAISE(ABORT, 'a join is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_join_kept BEFORE DELETE ON recording_join
BEGIN SELECT RAISE(ABORT, 'a join is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE recording_join;
DROP INDEX recording_joined;
ALTER TABLE recording DROP COLUMN whole_us;
ALTER TABLE recording DROP COLUMN joined_into;
