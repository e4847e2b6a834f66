-- +goose Up
-- What people who were filmed ask or complain of, and incidents (被记录人事项). Never removed.
INSERT INTO viewing_number (name, last) VALUES ('person_matter', 0);
CREATE TABLE person_matter (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    kind          TEXT   NOT NULL CHECK (kind IN ('look_up', 'copy', 'correction', 'complaint', 'incident')),
    state         TEXT   NOT NULL CHECK (state IN ('open', 'answered', 'declined')),
    name          TEXT   NOT NULL,
    contact       TEXT   NOT NULL,
    department_id TEXT   NOT NULL,
    case_id       TEXT   NOT NULL,
    place         TEXT   NOT NULL,
    words         TEXT   NOT NULL,
    received_at   BIGINT NOT NULL,
    received_by   TEXT   NOT NULL,
    received_name TEXT   NOT NULL,
    due_at        BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL DEFAULT 0,
    ended_by      TEXT   NOT NULL DEFAULT '',
    ended_name    TEXT   NOT NULL DEFAULT '',
    answer        TEXT   NOT NULL DEFAULT '',
    CHECK (state = 'open' OR (ended_by <> '' AND answer <> ''))
);
CREATE INDEX person_matter_department ON person_matter (department_id, no);

-- +goose StatementBegin
CREATE TRIGGER person_matter_fixed BEFORE UPDATE ON person_matter
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.kind <> OLD.kind OR NEW.name <> OLD.name OR NEW.words <> OLD.words OR NEW.received_at <> OLD.received_at
  OR NEW.received_by <> OLD.received_by OR NEW.due_at <> OLD.due_at OR NEW.department_id <> OLD.department_id OR OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'what somebody asked is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER person_matter_kept BEFORE DELETE ON person_matter
BEGIN SELECT RAISE(ABORT, 'what somebody asked is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE person_matter;
DELETE FROM viewing_number WHERE name = 'person_matter';
