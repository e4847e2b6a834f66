-- +goose Up
-- Backups (备份) and restore drills (恢复演练): what was done when, and how it ended. The entry says the same for ever.
CREATE TABLE backup_run (
    id          TEXT   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL CHECK (kind IN ('backup', 'drill')),
    set_id      TEXT   NOT NULL, -- '' where none came about
    folder      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    ended       BIGINT NOT NULL,
    ok          BIGINT NOT NULL CHECK (ok IN (0, 1)),
    code        TEXT   NOT NULL, -- of the fault
    whole       BIGINT NOT NULL CHECK (whole IN (0, 1)), -- a drill that read every object
    objects     BIGINT NOT NULL,
    objects_new BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    bytes_new   BIGINT NOT NULL,
    log_size    BIGINT NOT NULL,
    findings    BIGINT NOT NULL,
    entry_id    TEXT   NOT NULL
);
CREATE INDEX backup_run_newest ON backup_run (kind, ok, at);

-- Outside witnesses (见证方) of the log, and the size each is known to have seen beyond our own head: then the log was put
-- back in time. Such a claim counts in the epoch in which it was met.
CREATE TABLE custody_witness (
    name       TEXT   NOT NULL PRIMARY KEY,
    verifier   TEXT   NOT NULL, -- C2SP: name+hash+key
    since      BIGINT NOT NULL,
    ahead      BIGINT NOT NULL, -- 0: none
    ahead_in   BIGINT NOT NULL, -- epoch
    asked_at   BIGINT NOT NULL, -- 0: never
    problem    TEXT   NOT NULL  -- why the last asking failed, a code; '' if it did not
);

-- Their cosignatures (见证签名) of our checkpoints.
CREATE TABLE custody_cosignature (
    name TEXT   NOT NULL,
    size BIGINT NOT NULL,
    root TEXT   NOT NULL,
    line TEXT   NOT NULL, -- the signature line, as it stands under a checkpoint
    at   BIGINT NOT NULL, -- what the witness says
    PRIMARY KEY (name, size, root)
);
CREATE INDEX custody_cosignature_size ON custody_cosignature (size);

-- Time stamps (时间戳) of checkpoints by an outside authority (RFC 3161).
CREATE TABLE custody_stamp (
    size  BIGINT NOT NULL,
    root  TEXT   NOT NULL,
    note  TEXT   NOT NULL, -- the checkpoint, byte for byte what was stamped
    token BYTEA  NOT NULL, -- the reply (TimeStampResp, DER)
    tsa   TEXT   NOT NULL, -- its address
    at    BIGINT NOT NULL, -- what the authority says
    PRIMARY KEY (size, root, at)
);

-- +goose Down
DROP TABLE custody_stamp;
DROP TABLE custody_cosignature;
DROP TABLE custody_witness;
DROP TABLE backup_run;
