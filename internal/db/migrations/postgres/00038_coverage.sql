-- +goose Up
-- The verdict on each activity as it was computed last, with its inputs: computed anew whenever a fact changes.
CREATE TABLE coverage (
    id            TEXT   NOT NULL PRIMARY KEY REFERENCES activity (id),
    verdict       TEXT   NOT NULL CHECK (verdict IN ('unexplained', 'late_start', 'early_end', 'cannot_judge', 'explained', 'continuous')),
    verdicts      TEXT   NOT NULL, -- all of them, separated by spaces
    presence      TEXT   NOT NULL,
    gaps          TEXT   NOT NULL, -- JSON, as docs/formats/continuity-json.md writes them
    doubts        TEXT   NOT NULL,
    pieces        BIGINT NOT NULL,
    strict_sha256 TEXT   NOT NULL, -- digests of the two sets of inputs
    generous_sha256 TEXT NOT NULL,
    at            BIGINT NOT NULL
);
CREATE INDEX coverage_verdict ON coverage (verdict, id);
CREATE INDEX coverage_presence ON coverage (presence, id);

-- +goose Down
DROP TABLE coverage;
