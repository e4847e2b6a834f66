-- +goose Up
-- A request to look may name a case instead of recordings: it lets its viewer take the case's package away, and shows no footage.
ALTER TABLE viewing_request ADD COLUMN case_id TEXT NOT NULL DEFAULT '';
CREATE INDEX viewing_request_case ON viewing_request (case_id, viewer_id) WHERE case_id <> '';
CREATE TRIGGER viewing_request_case_fixed BEFORE UPDATE ON viewing_request FOR EACH ROW
WHEN (NEW.case_id <> OLD.case_id)
EXECUTE FUNCTION recording_forbid('what was asked for is never edited');

-- +goose Down
DROP TRIGGER viewing_request_case_fixed ON viewing_request;
DROP INDEX viewing_request_case;
ALTER TABLE viewing_request DROP COLUMN case_id;
