-- +goose Up
-- Where in a file of an activity nothing is heard: measured once, for its verdict. Never edited, never removed.
CREATE TABLE coverage_sound (
    id           TEXT   NOT NULL PRIMARY KEY, -- the file
    recording_id TEXT   NOT NULL,
    silences     TEXT   NOT NULL, -- JSON
    failed       TEXT   NOT NULL, -- why it cannot be listened to, '' where it was
    at           BIGINT NOT NULL
);
CREATE TRIGGER coverage_sound_fixed BEFORE UPDATE ON coverage_sound FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was heard is never edited');
CREATE TRIGGER coverage_sound_kept BEFORE DELETE ON coverage_sound FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was heard is never deleted');

-- +goose Down
DROP TABLE coverage_sound;
