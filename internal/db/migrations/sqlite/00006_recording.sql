-- +goose Up
-- One docking of one card, with the card's own list (一次采集).
CREATE TABLE card (
    id          TEXT   NOT NULL PRIMARY KEY,
    label       TEXT   NOT NULL,
    station     TEXT   NOT NULL,
    agent       TEXT   NOT NULL,
    device_hint TEXT   NOT NULL,
    device_id   TEXT   NOT NULL,
    department_id TEXT NOT NULL,
    owner       TEXT   NOT NULL, -- the actor that handed it in
    owner_kind  TEXT   NOT NULL,
    owner_name  TEXT   NOT NULL,
    free_bytes  BIGINT NOT NULL,
    total_bytes BIGINT NOT NULL,
    files       BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    closed_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX card_opened ON card (opened_at, id);
CREATE INDEX card_device ON card (device_id, opened_at);

CREATE TABLE card_file (
    card_id   TEXT   NOT NULL REFERENCES card (id),
    n         BIGINT NOT NULL,
    path      TEXT   NOT NULL, -- as the card told it, the key by which its owner finds it again
    size      BIGINT NOT NULL,
    mtime     BIGINT NOT NULL,
    status    TEXT   NOT NULL CHECK (status IN ('waiting', 'sealed', 'duplicate', 'failed', 'left', 'missing')),
    code      TEXT   NOT NULL,
    file_id   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (card_id, n)
);
CREATE INDEX card_file_path ON card_file (path, size);
CREATE INDEX card_file_file ON card_file (file_id);

-- One announced file: committed before its first byte (decision 15).
CREATE TABLE upload (
    id              TEXT   NOT NULL PRIMARY KEY,
    card_id         TEXT   NOT NULL,
    owner           TEXT   NOT NULL,
    owner_kind      TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    path            TEXT   NOT NULL,
    size            BIGINT NOT NULL, -- -1 while unknown
    mtime           BIGINT NOT NULL,
    declared_sha256 TEXT   NOT NULL,
    device_hint     TEXT   NOT NULL,
    node            TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('open', 'sealed', 'duplicate', 'failed', 'discarded')),
    code            TEXT   NOT NULL DEFAULT '',
    sha256          TEXT   NOT NULL DEFAULT '',
    file_id         TEXT   NOT NULL DEFAULT '',
    receipt_id      TEXT   NOT NULL DEFAULT '',
    begun_at        BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX upload_state ON upload (state, node);
CREATE INDEX upload_card ON upload (card_id);

-- One pressing of the button (音像记录). What a camera told (start, duration) is written once.
CREATE TABLE recording (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT   NOT NULL UNIQUE,
    kind          TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('stored', 'verified', 'damaged')),
    name          TEXT   NOT NULL,
    files         BIGINT NOT NULL,
    size          BIGINT NOT NULL,
    card_id       TEXT   NOT NULL,
    stored_at     BIGINT NOT NULL,
    facts_at      BIGINT NOT NULL DEFAULT 0,
    start_at      BIGINT NOT NULL DEFAULT 0,
    start_from    BIGINT NOT NULL DEFAULT 0,
    start_to      BIGINT NOT NULL DEFAULT 0,
    start_source  TEXT   NOT NULL DEFAULT '',
    start_doubts  TEXT   NOT NULL DEFAULT '',
    duration_us   BIGINT NOT NULL DEFAULT -1, -- -1 unknown
    offset_lo     BIGINT NOT NULL DEFAULT 0,
    offset_hi     BIGINT NOT NULL DEFAULT 0,
    offset_known  BIGINT NOT NULL DEFAULT 0,
    end_from      BIGINT NOT NULL DEFAULT 0,
    end_to        BIGINT NOT NULL DEFAULT 0,
    sort_at       BIGINT NOT NULL, -- start where it is known, else storing
    device_id     TEXT   NOT NULL DEFAULT '',
    device_name   TEXT   NOT NULL DEFAULT '',
    device_how    TEXT   NOT NULL DEFAULT '',
    officer_id    TEXT   NOT NULL DEFAULT '',
    officer_name  TEXT   NOT NULL DEFAULT '',
    certainty     TEXT   NOT NULL DEFAULT '',
    issue_id      TEXT   NOT NULL DEFAULT '',
    department_id TEXT   NOT NULL DEFAULT '',
    found_device  TEXT   NOT NULL DEFAULT '', -- as found; the columns above hold what was assigned since
    found_how     TEXT   NOT NULL DEFAULT '',
    found_officer TEXT   NOT NULL DEFAULT '',
    verdict       TEXT   NOT NULL,
    flags         TEXT   NOT NULL DEFAULT '', -- space separated; recording_flag is the index
    inbox         BIGINT NOT NULL DEFAULT 0   -- 1 waits, 2 settled
);
CREATE INDEX recording_sort ON recording (sort_at, seq);
CREATE INDEX recording_department ON recording (department_id, seq);
CREATE INDEX recording_officer ON recording (officer_id, seq);
CREATE INDEX recording_device ON recording (device_id, seq);
CREATE INDEX recording_verdict ON recording (verdict, seq);
CREATE INDEX recording_inbox ON recording (inbox, seq);
CREATE INDEX recording_department_sort ON recording (department_id, sort_at, seq);
CREATE INDEX recording_officer_sort ON recording (officer_id, sort_at, seq);
CREATE INDEX recording_device_sort ON recording (device_id, sort_at, seq);
CREATE INDEX recording_verdict_sort ON recording (verdict, sort_at, seq);
CREATE INDEX recording_verdict_department ON recording (department_id, verdict, sort_at, seq);
CREATE INDEX recording_card ON recording (card_id, seq);
CREATE INDEX recording_stored ON recording (stored_at);

CREATE TABLE recording_file (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    n            BIGINT NOT NULL, -- place in the recording, from 1
    upload_id    TEXT   NOT NULL UNIQUE,
    entry_id     TEXT   NOT NULL, -- recording.seal
    sha256       TEXT   NOT NULL UNIQUE, -- the same bytes are one file (G11)
    sm3          TEXT   NOT NULL DEFAULT '',
    size         BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    path         TEXT   NOT NULL,
    mtime        BIGINT NOT NULL,
    device_hint  TEXT   NOT NULL,
    series       TEXT   NOT NULL, -- numbering of the camera's names
    width        BIGINT NOT NULL,
    number       BIGINT NOT NULL, -- -1 without one
    state        TEXT   NOT NULL CHECK (state IN ('stored', 'verified', 'damaged')),
    stored_at    BIGINT NOT NULL,
    verified_at  BIGINT NOT NULL DEFAULT 0,
    medium       TEXT   NOT NULL DEFAULT '',
    facts        TEXT   NOT NULL DEFAULT '' -- JSON of what the file says of itself
);
CREATE UNIQUE INDEX recording_file_place ON recording_file (recording_id, n);
CREATE INDEX recording_file_number ON recording_file (series, width, number);

CREATE TABLE recording_flag (
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    seq          BIGINT NOT NULL, -- the recording's
    flag         TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (flag, seq)
);
CREATE INDEX recording_flag_recording ON recording_flag (recording_id);

-- Overlays: what was said later, with a reason. Never changed, never removed.
CREATE TABLE recording_note (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    kind         TEXT   NOT NULL CHECK (kind IN ('return', 'designated', 'assign', 'review')),
    at           BIGINT NOT NULL,
    by_person    TEXT   NOT NULL,
    by_name      TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    words        TEXT   NOT NULL,
    moment       BIGINT NOT NULL, -- the return, or the designated storing
    place        TEXT   NOT NULL,
    device_id    TEXT   NOT NULL,
    officer_id   TEXT   NOT NULL,
    entry_id     TEXT   NOT NULL
);
CREATE INDEX recording_note_recording ON recording_note (recording_id, at);

-- A hole in a camera's numbering (T2).
CREATE TABLE recording_gap (
    id          TEXT   NOT NULL PRIMARY KEY,
    device_id   TEXT   NOT NULL,
    card_id     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    series      TEXT   NOT NULL,
    width       BIGINT NOT NULL,
    from_no     BIGINT NOT NULL,
    to_no       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    before_name TEXT   NOT NULL,
    after_name  TEXT   NOT NULL,
    arrived_at  BIGINT NOT NULL DEFAULT 0,
    found_at    BIGINT NOT NULL
);
CREATE INDEX recording_gap_device ON recording_gap (device_id, series);
CREATE INDEX recording_gap_card ON recording_gap (card_id);

-- Receipts. body is signed after the entry's commit, by the first who needs it, and then kept.
CREATE TABLE recording_receipt (
    id       TEXT   NOT NULL PRIMARY KEY,
    file_id  TEXT   NOT NULL REFERENCES recording_file (id),
    state    TEXT   NOT NULL CHECK (state IN ('stored', 'verified')),
    owner    TEXT   NOT NULL, -- who handed the file in
    entry_id TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    body     TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX recording_receipt_file ON recording_receipt (file_id, at);

CREATE TABLE clear_order (
    id          TEXT   NOT NULL PRIMARY KEY,
    card_id     TEXT   NOT NULL REFERENCES card (id),
    statement   TEXT   NOT NULL,
    body        TEXT   NOT NULL, -- the signed file
    issued_by   TEXT   NOT NULL,
    issued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    reported_at BIGINT NOT NULL DEFAULT 0,
    report      TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX clear_order_card ON clear_order (card_id, issued_at);

-- Jumps of the server's own clock (G8).
CREATE TABLE clock_step (
    id    TEXT   NOT NULL PRIMARY KEY,
    at    BIGINT NOT NULL,
    by_us BIGINT NOT NULL
);
CREATE INDEX clock_step_at ON clock_step (at);

CREATE VIRTUAL TABLE recording_fts USING fts5 (terms, tokenize = "unicode61 remove_diacritics 0");

-- Originals are never edited (第二十条).
-- +goose StatementBegin
CREATE TRIGGER recording_file_fixed BEFORE UPDATE ON recording_file
WHEN NEW.id <> OLD.id OR NEW.recording_id <> OLD.recording_id OR NEW.n <> OLD.n OR NEW.upload_id <> OLD.upload_id
  OR NEW.entry_id <> OLD.entry_id OR NEW.sha256 <> OLD.sha256 OR NEW.size <> OLD.size OR NEW.name <> OLD.name
  OR NEW.path <> OLD.path OR NEW.mtime <> OLD.mtime OR NEW.stored_at <> OLD.stored_at
  OR (OLD.sm3 <> '' AND NEW.sm3 <> OLD.sm3) OR (OLD.facts <> '' AND NEW.facts <> OLD.facts)
BEGIN SELECT RAISE(ABORT, 'what was sealed is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_file_kept BEFORE DELETE ON recording_file
BEGIN SELECT RAISE(ABORT, 'what was sealed is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_fixed BEFORE UPDATE ON recording
WHEN NEW.id <> OLD.id OR NEW.seq <> OLD.seq OR NEW.stored_at <> OLD.stored_at OR NEW.name <> OLD.name OR (OLD.facts_at <> 0 AND
  (NEW.facts_at <> OLD.facts_at OR NEW.start_at <> OLD.start_at OR NEW.start_from <> OLD.start_from OR NEW.start_to <> OLD.start_to
  OR NEW.found_device <> OLD.found_device OR NEW.found_officer <> OLD.found_officer OR NEW.start_source <> OLD.start_source OR NEW.start_doubts <> OLD.start_doubts OR NEW.duration_us <> OLD.duration_us))
BEGIN SELECT RAISE(ABORT, 'what a camera told is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_kept BEFORE DELETE ON recording
BEGIN SELECT RAISE(ABORT, 'a recording is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_note_fixed BEFORE UPDATE ON recording_note
BEGIN SELECT RAISE(ABORT, 'an overlay is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_note_kept BEFORE DELETE ON recording_note
BEGIN SELECT RAISE(ABORT, 'an overlay is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_receipt_fixed BEFORE UPDATE ON recording_receipt
WHEN OLD.body <> '' OR NEW.id <> OLD.id OR NEW.file_id <> OLD.file_id OR NEW.entry_id <> OLD.entry_id OR NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a receipt is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER recording_receipt_kept BEFORE DELETE ON recording_receipt
BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE recording_fts;
DROP TABLE clock_step;
DROP TABLE clear_order;
DROP TABLE recording_receipt;
DROP TABLE recording_gap;
DROP TABLE recording_note;
DROP TABLE recording_flag;
DROP TABLE recording_file;
DROP TABLE recording;
DROP TABLE upload;
DROP TABLE card_file;
DROP TABLE card;
