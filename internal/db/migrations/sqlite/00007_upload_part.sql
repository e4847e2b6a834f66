-- +goose Up
-- What a tus client said when it created the upload, word for word, since HEAD must say it again.
ALTER TABLE upload ADD COLUMN metadata TEXT NOT NULL DEFAULT '';
ALTER TABLE upload ADD COLUMN concat TEXT NOT NULL DEFAULT ''; -- "partial", or "final;" and addresses; '' for neither
-- Where a partial upload's bytes begin in the object it became part of.
ALTER TABLE upload ADD COLUMN part_start BIGINT NOT NULL DEFAULT 0;
-- When its sender ended the address of an upload that had already become evidence; 0 while it has not.
ALTER TABLE upload ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;

-- What a final upload is joined from, in order. The same partial upload may serve more than once.
CREATE TABLE upload_part (
    upload_id TEXT   NOT NULL REFERENCES upload (id), -- the final one
    n         BIGINT NOT NULL,                        -- place, from 0
    part_id   TEXT   NOT NULL REFERENCES upload (id), -- a partial one
    PRIMARY KEY (upload_id, n)
);
CREATE INDEX upload_part_part ON upload_part (part_id);

-- +goose Down
DROP TABLE upload_part;
ALTER TABLE upload DROP COLUMN closed_at;
ALTER TABLE upload DROP COLUMN part_start;
ALTER TABLE upload DROP COLUMN concat;
ALTER TABLE upload DROP COLUMN metadata;
