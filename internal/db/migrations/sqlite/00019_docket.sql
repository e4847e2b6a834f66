-- +goose Up
-- The list of cases (案件清单): a running number for each, and the words by which it is found. The names of parties are
-- words of their own: who searches them gives a reason (decisions §4).
CREATE TABLE case_docket (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id TEXT    NOT NULL UNIQUE,
    said    TEXT    NOT NULL DEFAULT '' -- the words that were indexed
);
CREATE VIRTUAL TABLE case_fts USING fts5 (terms, names, tokenize = "unicode61 remove_diacritics 0");
CREATE INDEX casefile_state ON casefile (state, opened_at, id);
CREATE INDEX casefile_act ON casefile (act, opened_at, id);
CREATE INDEX casefile_stage ON casefile (stage, opened_at, id);
CREATE INDEX casefile_department_due ON casefile (department_id, next_due, id);

-- +goose Down
DROP INDEX casefile_department_due;
DROP INDEX casefile_stage;
DROP INDEX casefile_act;
DROP INDEX casefile_state;
DROP TABLE case_fts;
DROP TABLE case_docket;
