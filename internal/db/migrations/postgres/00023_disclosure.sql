-- +goose Up
-- What was given out (对外提供登记簿, 第二十条第一款): to whom, on which request, exactly what, and the receipt for it. Never removed.
CREATE TABLE disclosure (
    id              TEXT   NOT NULL PRIMARY KEY,
    year            BIGINT NOT NULL,
    no              BIGINT NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('making', 'ready', 'given', 'stopped', 'failed')),
    why             TEXT   NOT NULL DEFAULT '', -- code: why it was stopped or failed
    request_id      TEXT   NOT NULL REFERENCES viewing_request (id),
    request_no      BIGINT NOT NULL,
    manner          TEXT   NOT NULL CHECK (manner IN ('provide', 'publish')),
    to_body         TEXT   NOT NULL,
    to_person       TEXT   NOT NULL,
    to_contact      TEXT   NOT NULL,
    to_basis        TEXT   NOT NULL,
    purpose         TEXT   NOT NULL,
    words           TEXT   NOT NULL,
    case_id         TEXT   NOT NULL DEFAULT '',
    department_id   TEXT   NOT NULL,
    items           TEXT   NOT NULL, -- JSON: of each recording, the original or which masked copy
    papers          TEXT   NOT NULL, -- JSON: ids
    recipient_key   TEXT   NOT NULL DEFAULT '', -- public; empty: a passphrase, which is kept nowhere
    asked_at        BIGINT NOT NULL,
    by_person       TEXT   NOT NULL,
    by_account      TEXT   NOT NULL,
    by_name         TEXT   NOT NULL,
    packed_at       BIGINT NOT NULL DEFAULT 0,
    pack_entry      TEXT   NOT NULL DEFAULT '',
    manifest_sha256 TEXT   NOT NULL DEFAULT '',
    files           BIGINT NOT NULL DEFAULT 0,
    size            BIGINT NOT NULL DEFAULT 0,
    attempt         BIGINT NOT NULL DEFAULT 0, -- of sending it
    given_at        BIGINT NOT NULL DEFAULT 0,
    given_sha256    TEXT   NOT NULL DEFAULT '', -- of the encrypted file that left
    given_size      BIGINT NOT NULL DEFAULT 0,
    receipt_due     BIGINT NOT NULL DEFAULT 0,
    receipt_on      TEXT   NOT NULL DEFAULT '', -- day on the receipt
    receipt_by      TEXT   NOT NULL DEFAULT '', -- who signed it
    receipt_words   TEXT   NOT NULL DEFAULT '',
    receipt_sha256  TEXT   NOT NULL DEFAULT '', -- of its scan
    receipt_at      BIGINT NOT NULL DEFAULT 0,
    receipt_name    TEXT   NOT NULL DEFAULT '', -- who entered it
    UNIQUE (year, no),
    CHECK (manner <> 'provide' OR (to_body <> '' AND to_person <> '')),
    CHECK (state <> 'given' OR (given_at > 0 AND given_sha256 <> '' AND manifest_sha256 <> ''))
);
CREATE INDEX disclosure_request ON disclosure (request_id);
CREATE INDEX disclosure_case ON disclosure (case_id);
CREATE TRIGGER disclosure_fixed BEFORE UPDATE ON disclosure FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.year <> OLD.year OR NEW.no <> OLD.no OR NEW.request_id <> OLD.request_id OR NEW.manner <> OLD.manner OR NEW.to_body <> OLD.to_body
  OR NEW.to_person <> OLD.to_person OR NEW.to_basis <> OLD.to_basis OR NEW.items <> OLD.items OR NEW.papers <> OLD.papers OR NEW.recipient_key <> OLD.recipient_key
  OR NEW.by_person <> OLD.by_person OR NEW.asked_at <> OLD.asked_at
  OR (OLD.manifest_sha256 <> '' AND NEW.manifest_sha256 <> OLD.manifest_sha256)
  OR (OLD.given_at <> 0 AND (NEW.given_at <> OLD.given_at OR NEW.given_sha256 <> OLD.given_sha256 OR NEW.state <> 'given'))
  OR (OLD.receipt_at <> 0 AND (NEW.receipt_at <> OLD.receipt_at OR NEW.receipt_by <> OLD.receipt_by OR NEW.receipt_sha256 <> OLD.receipt_sha256)))
EXECUTE FUNCTION recording_forbid('what was given out is never edited');
CREATE TRIGGER disclosure_kept BEFORE DELETE ON disclosure FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was given out is never deleted');

-- Which recordings it holds, for the recording's own page and the look-up receipt.
CREATE TABLE disclosure_item (
    disclosure_id TEXT   NOT NULL REFERENCES disclosure (id),
    n             BIGINT NOT NULL,
    recording_id  TEXT   NOT NULL REFERENCES recording (id),
    PRIMARY KEY (disclosure_id, n)
);
CREATE INDEX disclosure_item_recording ON disclosure_item (recording_id);

-- The small files of a package until it was given out: papers, receipts, proofs. Their digests are in the manifest, whose digest is an entry.
CREATE TABLE disclosure_part (
    disclosure_id TEXT NOT NULL REFERENCES disclosure (id),
    name          TEXT NOT NULL,
    body          BYTEA NOT NULL,
    PRIMARY KEY (disclosure_id, name)
);

-- Somebody outside called for a case's file: a reconsideration body (行政复议, 10 working days) or a court (行政诉讼, 15 days).
CREATE TABLE case_call (
    id          TEXT   NOT NULL PRIMARY KEY,
    case_id     TEXT   NOT NULL REFERENCES casefile (id),
    kind        TEXT   NOT NULL CHECK (kind IN ('review', 'court')),
    body        TEXT   NOT NULL, -- who called
    letter      TEXT   NOT NULL, -- number of its letter
    received_on TEXT   NOT NULL, -- day on which it came
    due_at      BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    by_person   TEXT   NOT NULL,
    by_name     TEXT   NOT NULL,
    met_at      BIGINT NOT NULL DEFAULT 0,
    met_by      TEXT   NOT NULL DEFAULT '' -- entry of the package that answered it
);
CREATE INDEX case_call_case ON case_call (case_id);

-- +goose Down
DROP TABLE case_call;
DROP TABLE disclosure_part;
DROP TABLE disclosure_item;
DROP TABLE disclosure;
