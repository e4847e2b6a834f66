-- +goose Up
-- Where in a file of an activity nothing is heard: measured once, for its verdict. Never edited, never removed.
CREATE TABLE coverage_sound (
    id           TEXT   NOT NULL PRIMARY KEY, -- the file
    recording_id TEXT   NOT NULL,
    silences     TEXT   NOT NULL, -- JSON
    failed       TEXT   NOT NULL, -- why it cannot be listened to, '' where it was
    at           BIGINT NOT NULL
);
-- +goose StatementBegin
CREATE TRIGGER coverage_sound_fixed BEFORE UPDATE ON coverage_sound
BEGIN SELECT RAISE(ABORT, 'what was heard is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER coverage_sound_kept BEFORE DELETE ON coverage_sound
BEGIN SELECT RAISE(ABORT, 'what was heard is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE coverage_sound;
