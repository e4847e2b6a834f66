-- +goose Up
-- Evidence discs (证据光盘, 第二十四条): the register, the physical copies with who keeps them and where, and every read.
CREATE TABLE disc (
    id              TEXT    NOT NULL PRIMARY KEY,
    year            INTEGER NOT NULL,
    seq             BIGINT  NOT NULL,
    number          TEXT    NOT NULL UNIQUE,
    state           TEXT    NOT NULL CHECK (state IN ('making', 'made', 'failed')),
    form            TEXT    NOT NULL CHECK (form IN ('image', 'folder', 'bag')),
    request_id      TEXT    NOT NULL,
    request_no      BIGINT  NOT NULL,
    case_id         TEXT    NOT NULL DEFAULT '',
    case_no         TEXT    NOT NULL DEFAULT '',
    case_title      TEXT    NOT NULL DEFAULT '',
    department_id   TEXT    NOT NULL DEFAULT '',
    person_id       TEXT    NOT NULL,
    person_name     TEXT    NOT NULL,
    account_id      TEXT    NOT NULL,
    picked          TEXT    NOT NULL, -- JSON: the recordings that were chosen
    note            TEXT    NOT NULL,
    recordings      INTEGER NOT NULL,
    files           INTEGER NOT NULL DEFAULT 0,
    bytes           BIGINT  NOT NULL DEFAULT 0,
    manifest_sha256 TEXT    NOT NULL DEFAULT '',
    image_sha256    TEXT    NOT NULL DEFAULT '',
    image_bytes     BIGINT  NOT NULL DEFAULT 0,
    log_size        BIGINT  NOT NULL DEFAULT 0,
    log_root        TEXT    NOT NULL DEFAULT '',
    begun_at        BIGINT  NOT NULL,
    made_at         BIGINT  NOT NULL DEFAULT 0,
    checked_at      BIGINT  NOT NULL DEFAULT 0,
    reread_due      BIGINT  NOT NULL DEFAULT 0,
    reason          TEXT    NOT NULL DEFAULT '',
    UNIQUE (year, seq)
);
CREATE INDEX disc_case ON disc (case_id, year, seq);
CREATE INDEX disc_department ON disc (department_id, year, seq);
CREATE TABLE disc_copy (
    id             TEXT    NOT NULL PRIMARY KEY,
    disc_id        TEXT    NOT NULL REFERENCES disc (id),
    n              INTEGER NOT NULL,
    medium         TEXT    NOT NULL,
    custodian_name TEXT    NOT NULL,
    place          TEXT    NOT NULL,
    at             BIGINT  NOT NULL,
    person_id      TEXT    NOT NULL,
    by_name        TEXT    NOT NULL,
    UNIQUE (disc_id, n)
);
CREATE TABLE disc_check (
    id        TEXT    NOT NULL PRIMARY KEY,
    disc_id   TEXT    NOT NULL REFERENCES disc (id),
    copy_n    INTEGER NOT NULL,
    whole     INTEGER NOT NULL CHECK (whole IN (0, 1)),
    source    TEXT    NOT NULL,
    found     TEXT    NOT NULL DEFAULT '',
    at        BIGINT  NOT NULL,
    person_id TEXT    NOT NULL,
    by_name   TEXT    NOT NULL
);
CREATE INDEX disc_check_disc ON disc_check (disc_id, at);

-- +goose Down
DROP TABLE disc_check;
DROP TABLE disc_copy;
DROP TABLE disc;
