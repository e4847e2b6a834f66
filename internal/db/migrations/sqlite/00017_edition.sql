-- +goose Up
-- An edition (版本) of the bureau's regulation: whole files, adopted by a person, in force from a day on.
CREATE TABLE regulation_draft (
    id           TEXT   NOT NULL PRIMARY KEY,
    no           BIGINT NOT NULL UNIQUE, -- people quote it
    base         BIGINT NOT NULL,        -- the edition it was made from, 0: what the program ships
    revision     BIGINT NOT NULL,        -- counts the steps, 0 for none
    state        TEXT   NOT NULL CHECK (state IN ('open', 'adopted', 'discarded')),
    words        TEXT   NOT NULL,        -- why the regulation is to be changed
    begun_at     BIGINT NOT NULL,
    begun_by     TEXT   NOT NULL,
    begun_name   TEXT   NOT NULL,
    ended_at     BIGINT NOT NULL DEFAULT 0,
    ended_by     TEXT   NOT NULL DEFAULT '',
    ended_name   TEXT   NOT NULL DEFAULT '',
    ended_words  TEXT   NOT NULL DEFAULT '',
    documents    TEXT   NOT NULL,
    deadlines    TEXT   NOT NULL,
    matters      TEXT   NOT NULL,
    requirements TEXT   NOT NULL,
    calendar     TEXT   NOT NULL,
    powers       TEXT   NOT NULL
);

-- Who changed what in a draft. Whoever did does not adopt it.
CREATE TABLE regulation_step (
    id        TEXT   NOT NULL PRIMARY KEY,
    draft_id  TEXT   NOT NULL REFERENCES regulation_draft (id),
    revision  BIGINT NOT NULL,
    step      TEXT   NOT NULL,
    part      TEXT   NOT NULL,
    row_id    TEXT   NOT NULL,
    made_at   BIGINT NOT NULL,
    made_by   TEXT   NOT NULL,
    made_name TEXT   NOT NULL,
    entry_id  TEXT   NOT NULL,
    UNIQUE (draft_id, revision)
);

CREATE TABLE regulation_edition (
    id           TEXT   NOT NULL PRIMARY KEY,
    number       BIGINT NOT NULL UNIQUE CHECK (number > 0),
    from_day     TEXT   NOT NULL, -- YYYY-MM-DD in Beijing, the first day it is in force; never before that of the edition before it
    words        TEXT   NOT NULL,
    adopted_at   BIGINT NOT NULL,
    adopted_by   TEXT   NOT NULL,
    adopted_name TEXT   NOT NULL,
    draft_id     TEXT   NOT NULL UNIQUE REFERENCES regulation_draft (id),
    entry_id     TEXT   NOT NULL,
    documents    TEXT   NOT NULL,
    deadlines    TEXT   NOT NULL,
    matters      TEXT   NOT NULL,
    requirements TEXT   NOT NULL,
    calendar     TEXT   NOT NULL,
    powers       TEXT   NOT NULL
);

-- What a case is judged by is never changed behind it.
-- +goose StatementBegin
CREATE TRIGGER regulation_edition_fixed BEFORE UPDATE ON regulation_edition
BEGIN SELECT RAISE(ABORT, 'an edition is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER regulation_edition_kept BEFORE DELETE ON regulation_edition
BEGIN SELECT RAISE(ABORT, 'an edition is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER regulation_step_fixed BEFORE UPDATE ON regulation_step
BEGIN SELECT RAISE(ABORT, 'a step is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER regulation_step_kept BEFORE DELETE ON regulation_step
BEGIN SELECT RAISE(ABORT, 'a step is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER regulation_draft_fixed BEFORE UPDATE ON regulation_draft
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.base < OLD.base OR NEW.revision < OLD.revision OR NEW.begun_by <> OLD.begun_by
  OR NEW.begun_at <> OLD.begun_at OR OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'a draft that has ended is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER regulation_draft_kept BEFORE DELETE ON regulation_draft
BEGIN SELECT RAISE(ABORT, 'a draft is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE regulation_edition;
DROP TABLE regulation_step;
DROP TABLE regulation_draft;
