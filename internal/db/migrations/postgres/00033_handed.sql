-- +goose Up
-- What parties and the public hand in (当事人、群众提交的材料): one row an occasion, one a file. Never removed.
INSERT INTO viewing_number (name, last) VALUES ('handed', 0);
CREATE TABLE handed_in (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    state         TEXT   NOT NULL CHECK (state IN ('open', 'closed', 'cancelled')),
    giver         TEXT   NOT NULL,
    capacity      TEXT   NOT NULL CHECK (capacity IN ('party', 'agent', 'witness', 'public', 'unit')),
    contact       TEXT   NOT NULL,
    for_whom      TEXT   NOT NULL,
    case_id       TEXT   NOT NULL,
    case_no       TEXT   NOT NULL,
    carrier       TEXT   NOT NULL,
    shows         TEXT   NOT NULL,
    returned      BIGINT NOT NULL CHECK (returned IN (0, 1)), -- the carrier was given back
    department_id TEXT   NOT NULL,
    person_id     TEXT   NOT NULL, -- who received it
    person_name   TEXT   NOT NULL,
    account_id    TEXT   NOT NULL, -- whose uploads belong to it
    opened_at     BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL DEFAULT 0,
    words         TEXT   NOT NULL DEFAULT '', -- of a cancellation
    entry_id      TEXT   NOT NULL
);
CREATE INDEX handed_in_department ON handed_in (department_id, no);
CREATE INDEX handed_in_case ON handed_in (case_id, no);
CREATE TABLE handed_item (
    id           TEXT   NOT NULL PRIMARY KEY,
    handed_id    TEXT   NOT NULL REFERENCES handed_in (id),
    n            BIGINT NOT NULL,
    file_id      TEXT   NOT NULL,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    name         TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    sha256       TEXT   NOT NULL,
    known        BIGINT NOT NULL CHECK (known IN (0, 1)), -- the bureau had these bytes already
    stored_at    BIGINT NOT NULL,
    UNIQUE (handed_id, n)
);
CREATE INDEX handed_item_recording ON handed_item (recording_id);
CREATE TRIGGER handed_in_fixed BEFORE UPDATE ON handed_in FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.giver <> OLD.giver OR NEW.capacity <> OLD.capacity OR NEW.for_whom <> OLD.for_whom OR NEW.case_id <> OLD.case_id
  OR NEW.carrier <> OLD.carrier OR NEW.shows <> OLD.shows OR NEW.person_id <> OLD.person_id OR NEW.account_id <> OLD.account_id OR NEW.opened_at <> OLD.opened_at
  OR NEW.department_id <> OLD.department_id OR OLD.state <> 'open')
EXECUTE FUNCTION recording_forbid('what was handed in is never edited');
CREATE TRIGGER handed_in_kept BEFORE DELETE ON handed_in FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was handed in is never deleted');
CREATE TRIGGER handed_item_fixed BEFORE UPDATE ON handed_item FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was handed in is never edited');
CREATE TRIGGER handed_item_kept BEFORE DELETE ON handed_item FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was handed in is never deleted');

-- +goose Down
DROP TABLE handed_item;
DROP TABLE handed_in;
DELETE FROM viewing_number WHERE name = 'handed';
