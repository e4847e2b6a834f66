-- +goose Up
-- What the competent office wrote about a suspected state secret (主管部门的书面意见), and what was done on it (执行). Never removed; of what was
-- done only the witness is added, once, and it is somebody else.
CREATE TABLE marking_instruction (
    id          TEXT   NOT NULL PRIMARY KEY,
    marking_id  TEXT   NOT NULL REFERENCES marking (id),
    office      TEXT   NOT NULL CHECK (office <> ''),
    number      TEXT   NOT NULL CHECK (number <> ''),
    dated_on    TEXT   NOT NULL, -- a day in Shanghai
    orders      TEXT   NOT NULL CHECK (orders IN ('keep_frozen', 'hand_over', 'remove')),
    words       TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    person_id   TEXT   NOT NULL,
    person_name TEXT   NOT NULL,
    entry_id    TEXT   NOT NULL
);
CREATE UNIQUE INDEX marking_instruction_once ON marking_instruction (marking_id, office, number);
CREATE TABLE marking_execution (
    id             TEXT   NOT NULL PRIMARY KEY,
    instruction_id TEXT   NOT NULL REFERENCES marking_instruction (id),
    marking_id     TEXT   NOT NULL REFERENCES marking (id),
    places         TEXT   NOT NULL, -- separated by spaces
    words          TEXT   NOT NULL,
    done_at        BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    person_id      TEXT   NOT NULL,
    person_name    TEXT   NOT NULL,
    witness_at     BIGINT NOT NULL DEFAULT 0,
    witness_id     TEXT   NOT NULL DEFAULT '',
    witness_name   TEXT   NOT NULL DEFAULT '',
    witness_words  TEXT   NOT NULL DEFAULT '',
    entry_id       TEXT   NOT NULL,
    CHECK (witness_id <> person_id),
    CHECK ((witness_at = 0) = (witness_id = ''))
);
CREATE INDEX marking_execution_marking ON marking_execution (marking_id, at);
-- +goose StatementBegin
CREATE TRIGGER marking_instruction_fixed BEFORE UPDATE ON marking_instruction
BEGIN SELECT RAISE(ABORT, 'a written instruction is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER marking_instruction_kept BEFORE DELETE ON marking_instruction
BEGIN SELECT RAISE(ABORT, 'a written instruction is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER marking_execution_fixed BEFORE UPDATE ON marking_execution
WHEN NEW.id <> OLD.id OR NEW.instruction_id <> OLD.instruction_id OR NEW.marking_id <> OLD.marking_id OR NEW.places <> OLD.places OR NEW.words <> OLD.words
  OR NEW.done_at <> OLD.done_at OR NEW.at <> OLD.at OR NEW.person_id <> OLD.person_id OR NEW.person_name <> OLD.person_name OR OLD.witness_at <> 0
BEGIN SELECT RAISE(ABORT, 'what was done on an instruction is witnessed, never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER marking_execution_kept BEFORE DELETE ON marking_execution
BEGIN SELECT RAISE(ABORT, 'what was done on an instruction is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE marking_execution;
DROP TABLE marking_instruction;
