-- +goose Up
-- Masked copies (遮蔽件) of recordings: what was planned, who agreed, what was made and what it says of itself. Never removed.
INSERT INTO viewing_number (name, last) VALUES ('redaction', 0);
CREATE TABLE redaction (
    id            TEXT   NOT NULL PRIMARY KEY,
    no            BIGINT NOT NULL UNIQUE,
    state         TEXT   NOT NULL CHECK (state IN ('draft', 'asked', 'refused', 'approved', 'ready', 'failed', 'dropped')),
    recording_id  TEXT   NOT NULL REFERENCES recording (id),
    department_id TEXT   NOT NULL,
    plan          TEXT   NOT NULL, -- JSON
    notes         TEXT   NOT NULL, -- JSON: what was changed of what was drawn
    why           TEXT   NOT NULL,
    by_id         TEXT   NOT NULL,
    by_name       TEXT   NOT NULL,
    by_dept       TEXT   NOT NULL,
    at            BIGINT NOT NULL,
    asked_at      BIGINT NOT NULL DEFAULT 0,
    quorum        BIGINT NOT NULL DEFAULT 1 CHECK (quorum IN (1, 2)),
    level         TEXT   NOT NULL DEFAULT '',
    approver_id   TEXT   NOT NULL DEFAULT '',
    second_level  TEXT   NOT NULL DEFAULT '',
    first_at      BIGINT NOT NULL DEFAULT 0,
    first_by      TEXT   NOT NULL DEFAULT '',
    first_name    TEXT   NOT NULL DEFAULT '',
    decided_at    BIGINT NOT NULL DEFAULT 0,
    decided_by    TEXT   NOT NULL DEFAULT '',
    decided_name  TEXT   NOT NULL DEFAULT '',
    words         TEXT   NOT NULL DEFAULT '',
    made_at       BIGINT NOT NULL DEFAULT 0,
    sha256        TEXT   NOT NULL DEFAULT '', -- of the media; its object in the vault for derivatives
    size          BIGINT NOT NULL DEFAULT 0,
    length_us     BIGINT NOT NULL DEFAULT 0,
    reason        TEXT   NOT NULL DEFAULT '',
    statement     TEXT   NOT NULL DEFAULT '',
    entry_id      TEXT   NOT NULL DEFAULT '',
    CHECK (state NOT IN ('approved', 'ready', 'failed') OR (decided_by <> '' AND decided_by <> by_id)),
    CHECK (state NOT IN ('approved', 'ready', 'failed') OR quorum = 1 OR (first_by <> '' AND first_by <> decided_by AND first_by <> by_id)),
    CHECK (state <> 'ready' OR (sha256 <> '' AND statement <> '' AND entry_id <> ''))
);
CREATE INDEX redaction_recording ON redaction (recording_id, no);
CREATE INDEX redaction_state ON redaction (state, no);

-- +goose StatementBegin
CREATE TRIGGER redaction_fixed BEFORE UPDATE ON redaction
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.recording_id <> OLD.recording_id OR NEW.by_id <> OLD.by_id OR NEW.at <> OLD.at
  OR (OLD.state <> 'draft' AND (NEW.plan <> OLD.plan OR NEW.why <> OLD.why OR NEW.quorum <> OLD.quorum))
  OR (OLD.first_by <> '' AND NEW.first_by <> OLD.first_by) OR (OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by)
  OR OLD.state IN ('ready', 'failed', 'refused', 'dropped')
BEGIN SELECT RAISE(ABORT, 'what was asked, agreed or made is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redaction_kept BEFORE DELETE ON redaction
BEGIN SELECT RAISE(ABORT, 'a masked copy is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE redaction;
DELETE FROM viewing_number WHERE name = 'redaction';
