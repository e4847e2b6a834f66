-- +goose Up
-- On-scene activities (现场执法活动). Rows never change; what is said of them later is added.
INSERT INTO viewing_number (name, last) VALUES ('activity', 0);
CREATE TABLE activity (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    kind          TEXT   NOT NULL CHECK (kind IN ('scene', 'premises')),
    case_id       TEXT   NOT NULL,
    case_no       TEXT   NOT NULL,
    paper_id      TEXT   NOT NULL,
    task          TEXT   NOT NULL,
    department_id TEXT   NOT NULL,
    matters       TEXT   NOT NULL, -- JSON list of ids
    demand        TEXT   NOT NULL CHECK (demand IN ('uninterrupted', 'mandatory', 'encouraged')),
    edition_id    TEXT   NOT NULL,
    place         TEXT   NOT NULL,
    officers      TEXT   NOT NULL, -- JSON
    cameras       TEXT   NOT NULL, -- JSON
    opened_at     BIGINT NOT NULL,
    stored_at     BIGINT NOT NULL,
    opened_by     TEXT   NOT NULL,
    opened_name   TEXT   NOT NULL,
    CHECK (case_id <> '' OR task <> '')
);
CREATE INDEX activity_department ON activity (department_id, no);
CREATE INDEX activity_case ON activity (case_id);
CREATE TABLE activity_occurrence (
    id          TEXT   NOT NULL PRIMARY KEY,
    activity_id TEXT   NOT NULL REFERENCES activity (id),
    seq         BIGINT NOT NULL,
    what        TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    doubt_us    BIGINT NOT NULL,
    about       TEXT   NOT NULL,
    by_id       TEXT   NOT NULL,
    by_name     TEXT   NOT NULL,
    stored_at   BIGINT NOT NULL,
    said        TEXT   NOT NULL, -- JSON
    UNIQUE (activity_id, seq)
);
-- Who and which camera takes or took part: an index of what stands above, to find activities by.
CREATE TABLE activity_part (
    activity_id TEXT   NOT NULL REFERENCES activity (id),
    kind        TEXT   NOT NULL CHECK (kind IN ('officer', 'camera')),
    ref         TEXT   NOT NULL,
    PRIMARY KEY (activity_id, kind, ref)
);
CREATE INDEX activity_part_ref ON activity_part (kind, ref, activity_id);
-- +goose StatementBegin
CREATE TRIGGER activity_fixed BEFORE UPDATE ON activity
BEGIN SELECT RAISE(ABORT, 'an activity is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER activity_kept BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, 'an activity is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER activity_occurrence_fixed BEFORE UPDATE ON activity_occurrence
BEGIN SELECT RAISE(ABORT, 'what happened is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER activity_occurrence_kept BEFORE DELETE ON activity_occurrence
BEGIN SELECT RAISE(ABORT, 'what happened is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE activity_part;
DROP TABLE activity_occurrence;
DROP TABLE activity;
DELETE FROM viewing_number WHERE name = 'activity';
