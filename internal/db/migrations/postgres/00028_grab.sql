-- +goose Up
-- A still picture that a viewer kept from a running look (画面截图). It carries the viewer's mark; its bytes are cut anew from the viewing
-- copy while the look lasts and compared with the digest here. Never edited, never removed.
CREATE TABLE viewing_grab (
    id           TEXT   NOT NULL PRIMARY KEY,
    n            BIGINT NOT NULL, -- in its look, from 1
    look_id      TEXT   NOT NULL REFERENCES viewing_look (id),
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    file_id      TEXT   NOT NULL,
    segment      BIGINT NOT NULL, -- of the viewing copy
    within_us    BIGINT NOT NULL, -- from the segment's beginning
    at_us        BIGINT NOT NULL, -- from the recording's beginning
    mark         TEXT   NOT NULL, -- what was written into the picture
    sha256       TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    person_id    TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    entry_id     TEXT   NOT NULL,
    UNIQUE (look_id, n)
);

CREATE TRIGGER viewing_grab_fixed BEFORE UPDATE ON viewing_grab FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a still picture is never edited');
CREATE TRIGGER viewing_grab_kept BEFORE DELETE ON viewing_grab FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a still picture is never deleted');

-- +goose Down
DROP TABLE viewing_grab;
