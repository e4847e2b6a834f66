-- +goose Up
-- A carrier that was lent (借阅, 第二十三条): a row of the register. Handed out and taken back by a custodian; never edited otherwise, never removed.
CREATE TABLE viewing_loan (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    request_id    TEXT   NOT NULL REFERENCES viewing_request (id),
    request_no    BIGINT NOT NULL,
    department_id TEXT   NOT NULL, -- whose recordings they are
    borrower_id   TEXT   NOT NULL,
    borrower_name TEXT   NOT NULL,
    borrower_dept TEXT   NOT NULL,
    what          TEXT   NOT NULL, -- the carrier: its kind and number
    lent_at       BIGINT NOT NULL,
    lent_by       TEXT   NOT NULL,
    lent_name     TEXT   NOT NULL,
    due_at        BIGINT NOT NULL,
    returned_at   BIGINT NOT NULL DEFAULT 0,
    returned_by   TEXT   NOT NULL DEFAULT '',
    returned_name TEXT   NOT NULL DEFAULT '',
    condition     TEXT   NOT NULL DEFAULT '' CHECK (condition IN ('', 'intact', 'damaged', 'missing')),
    remark        TEXT   NOT NULL DEFAULT '',
    CHECK (lent_by <> borrower_id AND returned_by <> borrower_id),
    CHECK ((returned_at = 0) = (condition = ''))
);
CREATE INDEX viewing_loan_department ON viewing_loan (department_id, no);
CREATE INDEX viewing_loan_request ON viewing_loan (request_id, no);
CREATE INDEX viewing_loan_out ON viewing_loan (returned_at, due_at);
INSERT INTO viewing_number (name, last) VALUES ('loan', 0);
-- Refused looks are read from the log.
CREATE INDEX custody_entry_refused ON custody_entry (seq) WHERE outcome = 'refused';
CREATE TRIGGER viewing_loan_fixed BEFORE UPDATE ON viewing_loan FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.request_id <> OLD.request_id OR NEW.department_id <> OLD.department_id OR NEW.borrower_id <> OLD.borrower_id OR NEW.what <> OLD.what
  OR NEW.lent_at <> OLD.lent_at OR NEW.lent_by <> OLD.lent_by OR NEW.due_at <> OLD.due_at
  OR (OLD.returned_at <> 0 AND (NEW.returned_at <> OLD.returned_at OR NEW.returned_by <> OLD.returned_by OR NEW.condition <> OLD.condition OR NEW.remark <> OLD.remark)))
EXECUTE FUNCTION recording_forbid('a loan is never edited');
CREATE TRIGGER viewing_loan_kept BEFORE DELETE ON viewing_loan FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a loan is never deleted');

-- +goose Down
DROP INDEX custody_entry_refused;
DROP TABLE viewing_loan;
DELETE FROM viewing_number WHERE name = 'loan';
