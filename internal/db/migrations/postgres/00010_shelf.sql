-- +goose Up
-- Views of the list of recordings (视图): conditions under a name, of one person, or shared with a department.
CREATE TABLE recording_view (
    id            TEXT   NOT NULL PRIMARY KEY,
    person_id     TEXT   NOT NULL,
    department_id TEXT   NOT NULL DEFAULT '', -- '' is the person's alone
    name          TEXT   NOT NULL,
    query         TEXT   NOT NULL, -- conditions as the address holds them
    at            BIGINT NOT NULL
);
CREATE UNIQUE INDEX recording_view_name ON recording_view (person_id, name);
CREATE INDEX recording_view_department ON recording_view (department_id, name);

-- The columns and the density that a person chose.
CREATE TABLE recording_layout (
    person_id TEXT   NOT NULL PRIMARY KEY,
    columns   TEXT   NOT NULL, -- space separated; '' is the usual ones
    dense     BIGINT NOT NULL CHECK (dense IN (0, 1)),
    at        BIGINT NOT NULL
);

-- Lists by size and by length, whole and for each department.
CREATE INDEX recording_size ON recording (size, seq);
CREATE INDEX recording_length ON recording (duration_us, seq);
CREATE INDEX recording_department_size ON recording (department_id, size, seq);
CREATE INDEX recording_department_length ON recording (department_id, duration_us, seq);

-- Conditions that no index helped: what is not yet read back or damaged is rare, and so are some kinds.
CREATE INDEX recording_state ON recording (state, seq);
CREATE INDEX recording_kind ON recording (kind, seq);
CREATE INDEX recording_department_verdict ON recording (department_id, verdict, seq);

-- +goose Down
DROP INDEX recording_department_verdict;
DROP INDEX recording_kind;
DROP INDEX recording_state;
DROP INDEX recording_department_length;
DROP INDEX recording_department_size;
DROP INDEX recording_length;
DROP INDEX recording_size;
DROP TABLE recording_layout;
DROP TABLE recording_view;
