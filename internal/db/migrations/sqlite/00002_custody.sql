-- +goose Up
-- The custody log. Everything here is append-only and triggers hold that; what a DBA does beyond them, fsck and
-- outsiders find (T9, T10).
CREATE TABLE custody_entry (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- order of insertion
    xid           BIGINT NOT NULL DEFAULT 0,         -- the writing transaction (PostgreSQL only)
    id            TEXT   NOT NULL UNIQUE,
    at            BIGINT NOT NULL,
    actor_kind    TEXT   NOT NULL CHECK (actor_kind IN ('person', 'dock', 'token', 'system', 'host', 'anyone')),
    actor_id      TEXT   NOT NULL,
    actor_role    TEXT   NOT NULL,
    action        TEXT   NOT NULL,
    subject_kind  TEXT   NOT NULL,
    subject_id    TEXT   NOT NULL,
    related       TEXT   NOT NULL,
    article       TEXT   NOT NULL,
    requirement   TEXT   NOT NULL,
    outcome       TEXT   NOT NULL CHECK (outcome IN ('done', 'refused', 'intent', 'failed', 'opened', 'closed')),
    detail        TEXT   NOT NULL, -- canonical JSON object; erased keys are missing
    detail_digest TEXT   NOT NULL,
    detail_parts  TEXT   NOT NULL, -- "key commitment salt" a line, salt "-" once erased
    commitments   BLOB   NOT NULL,
    salts         BLOB   NOT NULL,
    erased        TEXT   NOT NULL DEFAULT '', -- erased fields, comma separated
    erased_by     TEXT   NOT NULL DEFAULT ''  -- the last opening.erased entry
);
CREATE INDEX custody_entry_at ON custody_entry (at);
CREATE INDEX custody_entry_action ON custody_entry (action, seq);
CREATE INDEX custody_entry_actor ON custody_entry (actor_id, seq);

-- In whose history an entry shows: its subject and its related subjects.
CREATE TABLE custody_subject (
    kind       TEXT   NOT NULL,
    subject_id TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    PRIMARY KEY (kind, subject_id, seq)
) WITHOUT ROWID;

-- Committed entries that have no place in the tree yet.
CREATE TABLE custody_pending (
    seq BIGINT NOT NULL PRIMARY KEY,
    xid BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- The place of an entry in the tree.
CREATE TABLE custody_leaf (
    idx BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE
);

-- The tree: C2SP tiles of height 8.
CREATE TABLE custody_tile (
    level  BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    hashes BLOB   NOT NULL,
    PRIMARY KEY (level, n)
) WITHOUT ROWID;

-- Signed checkpoints.
CREATE TABLE custody_checkpoint (
    size  BIGINT NOT NULL PRIMARY KEY,
    root  TEXT   NOT NULL,
    note  TEXT   NOT NULL,
    epoch BIGINT NOT NULL,
    at    BIGINT NOT NULL
);

-- One row: who may sign. A sequencer that finds another counter than its own stops.
CREATE TABLE custody_signer (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    counter BIGINT NOT NULL,
    holder  TEXT   NOT NULL
);

-- Public keys and the tree sizes for which they are valid; valid_to -1 means still valid.
CREATE TABLE custody_key (
    fingerprint TEXT   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL CHECK (kind IN ('log', 'receipt')),
    alg         TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    public_key  TEXT   NOT NULL,
    valid_from  BIGINT NOT NULL,
    valid_to    BIGINT NOT NULL DEFAULT -1,
    entry_id    TEXT   NOT NULL,
    at          BIGINT NOT NULL
);
CREATE UNIQUE INDEX custody_key_current ON custody_key (kind) WHERE valid_to = -1;

-- Epochs declared after an older backup was restored.
CREATE TABLE custody_epoch (
    epoch     BIGINT NOT NULL PRIMARY KEY,
    from_size BIGINT NOT NULL,
    lost_size BIGINT NOT NULL,
    lost_root TEXT   NOT NULL,
    entry_id  TEXT   NOT NULL,
    at        BIGINT NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER custody_entry_fixed BEFORE UPDATE ON custody_entry
WHEN NEW.seq <> OLD.seq OR NEW.xid <> OLD.xid OR NEW.id <> OLD.id OR NEW.at <> OLD.at
  OR NEW.actor_kind <> OLD.actor_kind OR NEW.actor_role <> OLD.actor_role OR NEW.action <> OLD.action
  OR NEW.subject_kind <> OLD.subject_kind OR NEW.article <> OLD.article OR NEW.requirement <> OLD.requirement
  OR NEW.outcome <> OLD.outcome OR NEW.detail_digest <> OLD.detail_digest OR NEW.commitments <> OLD.commitments
  OR NEW.erased_by = OLD.erased_by
  OR (NEW.actor_id <> OLD.actor_id AND NEW.actor_id <> '')
  OR (NEW.subject_id <> OLD.subject_id AND NEW.subject_id <> '')
  OR (NEW.related <> OLD.related AND NEW.related <> '')
  OR NOT EXISTS (SELECT 1 FROM custody_entry e WHERE e.id = NEW.erased_by AND e.action = 'opening.erased')
BEGIN SELECT RAISE(ABORT, 'custody_entry is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_entry_kept BEFORE DELETE ON custody_entry
BEGIN SELECT RAISE(ABORT, 'custody_entry is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_subject_fixed BEFORE UPDATE ON custody_subject
BEGIN SELECT RAISE(ABORT, 'custody_subject is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_subject_kept BEFORE DELETE ON custody_subject
WHEN NOT EXISTS (SELECT 1 FROM custody_entry e WHERE e.seq = OLD.seq AND e.erased_by <> '')
BEGIN SELECT RAISE(ABORT, 'custody_subject is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_pending_kept BEFORE DELETE ON custody_pending
WHEN NOT EXISTS (SELECT 1 FROM custody_leaf l WHERE l.seq = OLD.seq)
BEGIN SELECT RAISE(ABORT, 'a pending entry leaves only into the tree'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_leaf_fixed BEFORE UPDATE ON custody_leaf
BEGIN SELECT RAISE(ABORT, 'custody_leaf is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_leaf_kept BEFORE DELETE ON custody_leaf
BEGIN SELECT RAISE(ABORT, 'custody_leaf is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_tile_fixed BEFORE UPDATE ON custody_tile
WHEN NEW.level <> OLD.level OR NEW.n <> OLD.n OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN SELECT RAISE(ABORT, 'custody_tile only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_tile_kept BEFORE DELETE ON custody_tile
BEGIN SELECT RAISE(ABORT, 'custody_tile only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_checkpoint_fixed BEFORE UPDATE ON custody_checkpoint
BEGIN SELECT RAISE(ABORT, 'custody_checkpoint is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_checkpoint_kept BEFORE DELETE ON custody_checkpoint
BEGIN SELECT RAISE(ABORT, 'custody_checkpoint is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_key_fixed BEFORE UPDATE ON custody_key
WHEN OLD.valid_to <> -1 OR NEW.fingerprint <> OLD.fingerprint OR NEW.kind <> OLD.kind OR NEW.alg <> OLD.alg
  OR NEW.name <> OLD.name OR NEW.public_key <> OLD.public_key OR NEW.valid_from <> OLD.valid_from
  OR NEW.entry_id <> OLD.entry_id OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'custody_key is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_key_kept BEFORE DELETE ON custody_key
BEGIN SELECT RAISE(ABORT, 'custody_key is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_epoch_fixed BEFORE UPDATE ON custody_epoch
BEGIN SELECT RAISE(ABORT, 'custody_epoch is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER custody_epoch_kept BEFORE DELETE ON custody_epoch
BEGIN SELECT RAISE(ABORT, 'custody_epoch is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE custody_epoch;
DROP TABLE custody_key;
DROP TABLE custody_signer;
DROP TABLE custody_checkpoint;
DROP TABLE custody_tile;
DROP TABLE custody_leaf;
DROP TABLE custody_pending;
DROP TABLE custody_subject;
DROP TABLE custody_entry;
