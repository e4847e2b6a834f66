-- +goose Up
-- What people said a recording holds that the law protects more than the rest (第二十条第三款). Never removed: a mark is lifted.
CREATE TABLE marking (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    mark         TEXT   NOT NULL CHECK (mark IN ('commercial_secret', 'privacy', 'minor', 'home', 'medical', 'informant', 'state_secret')),
    words        TEXT   NOT NULL,
    put_at       BIGINT NOT NULL,
    put_by       TEXT   NOT NULL,
    put_name     TEXT   NOT NULL,
    lifted_at    BIGINT NOT NULL DEFAULT 0,
    lifted_by    TEXT   NOT NULL DEFAULT '',
    lifted_name  TEXT   NOT NULL DEFAULT '',
    lifted_words TEXT   NOT NULL DEFAULT '',
    basis        TEXT   NOT NULL DEFAULT '', -- the written instruction on which a mark for a state secret was lifted
    CHECK (lifted_at = 0 OR lifted_words <> ''),
    CHECK (mark <> 'state_secret' OR lifted_at = 0 OR basis <> ''),
    CHECK (mark NOT IN ('informant', 'state_secret') OR lifted_by <> put_by)
);
-- One of each stands at a time.
CREATE UNIQUE INDEX marking_stands ON marking (recording_id, mark) WHERE lifted_at = 0;
CREATE INDEX marking_recording ON marking (recording_id, put_at);

-- +goose StatementBegin
CREATE TRIGGER marking_fixed BEFORE UPDATE ON marking
WHEN NEW.id <> OLD.id OR NEW.recording_id <> OLD.recording_id OR NEW.mark <> OLD.mark OR NEW.words <> OLD.words OR NEW.put_at <> OLD.put_at
  OR NEW.put_by <> OLD.put_by OR NEW.put_name <> OLD.put_name OR OLD.lifted_at <> 0
BEGIN SELECT RAISE(ABORT, 'a mark is lifted, never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER marking_kept BEFORE DELETE ON marking
BEGIN SELECT RAISE(ABORT, 'a mark is lifted, never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE marking;
