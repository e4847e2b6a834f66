-- +goose Up
-- The written text of a masked copy's sound (录音文字), attached while it is a draft, so that who agrees agrees to it as well. Its digest stands
-- in the copy's row, which the log says; its bytes stand here.
ALTER TABLE redaction ADD COLUMN transcript_name TEXT NOT NULL DEFAULT '';
ALTER TABLE redaction ADD COLUMN transcript_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE redaction ADD COLUMN transcript_size BIGINT NOT NULL DEFAULT 0;
CREATE TABLE redaction_transcript (
    id      TEXT NOT NULL PRIMARY KEY REFERENCES redaction (id),
    content BLOB NOT NULL
);
DROP TRIGGER redaction_fixed;
-- +goose StatementBegin
CREATE TRIGGER redaction_fixed BEFORE UPDATE ON redaction
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.recording_id <> OLD.recording_id OR NEW.by_id <> OLD.by_id OR NEW.at <> OLD.at
  OR (OLD.state <> 'draft' AND (NEW.plan <> OLD.plan OR NEW.why <> OLD.why OR NEW.transcript_name <> OLD.transcript_name OR NEW.transcript_sha256 <> OLD.transcript_sha256
    OR NEW.quorum <> OLD.quorum))
  OR (OLD.first_by <> '' AND NEW.first_by <> OLD.first_by) OR (OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by)
  OR OLD.state IN ('ready', 'failed', 'refused', 'dropped')
BEGIN SELECT RAISE(ABORT, 'what was asked, agreed or made is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redaction_transcript_kept BEFORE UPDATE ON redaction_transcript
BEGIN SELECT RAISE(ABORT, 'a transcript is replaced, never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redaction_transcript_agreed BEFORE DELETE ON redaction_transcript
WHEN (SELECT state FROM redaction WHERE id = OLD.id) <> 'draft'
BEGIN SELECT RAISE(ABORT, 'what was asked, agreed or made is never edited'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER redaction_fixed;
-- +goose StatementBegin
CREATE TRIGGER redaction_fixed BEFORE UPDATE ON redaction
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.recording_id <> OLD.recording_id OR NEW.by_id <> OLD.by_id OR NEW.at <> OLD.at
  OR (OLD.state <> 'draft' AND (NEW.plan <> OLD.plan OR NEW.why <> OLD.why OR NEW.quorum <> OLD.quorum))
  OR (OLD.first_by <> '' AND NEW.first_by <> OLD.first_by) OR (OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by)
  OR OLD.state IN ('ready', 'failed', 'refused', 'dropped')
BEGIN SELECT RAISE(ABORT, 'what was asked, agreed or made is never edited'); END;
-- +goose StatementEnd
DROP TABLE redaction_transcript;
ALTER TABLE redaction DROP COLUMN transcript_size;
ALTER TABLE redaction DROP COLUMN transcript_sha256;
ALTER TABLE redaction DROP COLUMN transcript_name;
