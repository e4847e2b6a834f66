-- +goose Up
-- The written text of a masked copy's sound (录音文字), attached while it is a draft, so that who agrees agrees to it as well. Its digest stands
-- in the copy's row, which the log says; its bytes stand here.
ALTER TABLE redaction ADD COLUMN transcript_name TEXT NOT NULL DEFAULT '';
ALTER TABLE redaction ADD COLUMN transcript_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE redaction ADD COLUMN transcript_size BIGINT NOT NULL DEFAULT 0;
CREATE TABLE redaction_transcript (
    id      TEXT NOT NULL PRIMARY KEY REFERENCES redaction (id),
    content BYTEA NOT NULL
);
DROP TRIGGER redaction_fixed ON redaction;
CREATE TRIGGER redaction_fixed BEFORE UPDATE ON redaction FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.recording_id <> OLD.recording_id OR NEW.by_id <> OLD.by_id OR NEW.at <> OLD.at
  OR (OLD.state <> 'draft' AND (NEW.plan <> OLD.plan OR NEW.why <> OLD.why OR NEW.transcript_name <> OLD.transcript_name OR NEW.transcript_sha256 <> OLD.transcript_sha256
    OR NEW.quorum <> OLD.quorum))
  OR (OLD.first_by <> '' AND NEW.first_by <> OLD.first_by) OR (OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by)
  OR OLD.state IN ('ready', 'failed', 'refused', 'dropped'))
EXECUTE FUNCTION recording_forbid('what was asked, agreed or made is never edited');
CREATE TRIGGER redaction_transcript_kept BEFORE UPDATE ON redaction_transcript FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a transcript is replaced, never edited');
-- +goose StatementBegin
CREATE FUNCTION redaction_agreed() RETURNS trigger AS $$
BEGIN
    IF (SELECT state FROM redaction WHERE id = OLD.id) <> 'draft' THEN
        RAISE EXCEPTION 'what was asked, agreed or made is never edited';
    END IF;
    RETURN OLD;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER redaction_transcript_agreed BEFORE DELETE ON redaction_transcript FOR EACH ROW EXECUTE FUNCTION redaction_agreed();

-- +goose Down
DROP TRIGGER redaction_fixed ON redaction;
CREATE TRIGGER redaction_fixed BEFORE UPDATE ON redaction FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.recording_id <> OLD.recording_id OR NEW.by_id <> OLD.by_id OR NEW.at <> OLD.at
  OR (OLD.state <> 'draft' AND (NEW.plan <> OLD.plan OR NEW.why <> OLD.why OR NEW.quorum <> OLD.quorum))
  OR (OLD.first_by <> '' AND NEW.first_by <> OLD.first_by) OR (OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by)
  OR OLD.state IN ('ready', 'failed', 'refused', 'dropped'))
EXECUTE FUNCTION recording_forbid('what was asked, agreed or made is never edited');
DROP TABLE redaction_transcript;
DROP FUNCTION redaction_agreed();
ALTER TABLE redaction DROP COLUMN transcript_size;
ALTER TABLE redaction DROP COLUMN transcript_sha256;
ALTER TABLE redaction DROP COLUMN transcript_name;
