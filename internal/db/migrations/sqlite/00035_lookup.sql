-- +goose Up
-- Look-up receipts (查询回执): what somebody who was filmed is told of who looked, and what is told later. Never edited, never removed.
INSERT INTO viewing_number (name, last) VALUES ('lookup', 0);
CREATE TABLE lookup_delay (
    id          TEXT   NOT NULL PRIMARY KEY,
    case_id     TEXT   NOT NULL,
    ref         TEXT   NOT NULL, -- of the line
    ground      TEXT   NOT NULL,
    until_at    BIGINT NOT NULL,
    person_id   TEXT   NOT NULL,
    person_name TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    entry_id    TEXT   NOT NULL
);
CREATE INDEX lookup_delay_case ON lookup_delay (case_id, until_at);
CREATE TABLE lookup_receipt (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    matter_id     TEXT   NOT NULL REFERENCES person_matter (id),
    matter_no     BIGINT NOT NULL,
    case_id       TEXT   NOT NULL,
    case_no       TEXT   NOT NULL,
    department_id TEXT   NOT NULL,
    lines         TEXT   NOT NULL, -- JSON
    delayed       TEXT   NOT NULL, -- JSON
    issued_at     BIGINT NOT NULL,
    person_id     TEXT   NOT NULL,
    person_name   TEXT   NOT NULL,
    entry_id      TEXT   NOT NULL
);
CREATE INDEX lookup_receipt_matter ON lookup_receipt (matter_id, no);
-- +goose StatementBegin
CREATE TRIGGER lookup_delay_fixed BEFORE UPDATE ON lookup_delay
BEGIN SELECT RAISE(ABORT, 'what is told later is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lookup_delay_kept BEFORE DELETE ON lookup_delay
BEGIN SELECT RAISE(ABORT, 'what is told later is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lookup_receipt_fixed BEFORE UPDATE ON lookup_receipt
BEGIN SELECT RAISE(ABORT, 'a look-up receipt is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lookup_receipt_kept BEFORE DELETE ON lookup_receipt
BEGIN SELECT RAISE(ABORT, 'a look-up receipt is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE lookup_receipt;
DROP TABLE lookup_delay;
DELETE FROM viewing_number WHERE name = 'lookup';
