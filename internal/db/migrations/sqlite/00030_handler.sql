-- +goose Up
-- Handlers of an open case look at its recordings without asking each time, where the bureau has chosen so (第二十三条): a look of theirs names
-- the case. SQLite cannot change a condition of a column, so the table is made anew, with the two that point to it.
CREATE TABLE viewing_watch_was AS SELECT * FROM viewing_watch;
CREATE TABLE viewing_grab_was AS SELECT * FROM viewing_grab;
CREATE TABLE viewing_look_was AS SELECT * FROM viewing_look;
DROP TABLE viewing_watch;
DROP TABLE viewing_grab;
DROP TABLE viewing_look;

CREATE TABLE viewing_look (
    id             TEXT   NOT NULL PRIMARY KEY,
    no             BIGINT NOT NULL UNIQUE,
    kind           TEXT   NOT NULL CHECK (kind IN ('play', 'picture')),
    ground         TEXT   NOT NULL CHECK (ground IN ('consent', 'own', 'handler')),
    request_id     TEXT   NOT NULL, -- '' without one
    case_id        TEXT   NOT NULL DEFAULT '', -- the open case whose handler looks; '' else
    recording_id   TEXT   NOT NULL REFERENCES recording (id),
    department_id  TEXT   NOT NULL,
    viewer_id      TEXT   NOT NULL,
    viewer_name    TEXT   NOT NULL,
    viewer_dept    TEXT   NOT NULL,
    account_id     TEXT   NOT NULL,
    session_key    TEXT   NOT NULL,
    ip             TEXT   NOT NULL,
    from_us        BIGINT NOT NULL,
    to_us          BIGINT NOT NULL, -- 0: to the end
    opened_at      BIGINT NOT NULL,
    closed_at      BIGINT NOT NULL DEFAULT 0,
    why_closed     TEXT   NOT NULL DEFAULT '',
    watched        TEXT   NOT NULL DEFAULT '', -- JSON: spans in milliseconds
    watched_ms     BIGINT NOT NULL DEFAULT 0,
    confirmed_at   BIGINT NOT NULL DEFAULT 0,
    confirmed_by   TEXT   NOT NULL DEFAULT '',
    confirmed_name TEXT   NOT NULL DEFAULT '',
    remark         TEXT   NOT NULL DEFAULT '',
    CHECK (ground <> 'handler' OR case_id <> '')
);
CREATE INDEX viewing_look_department ON viewing_look (department_id, no);
CREATE INDEX viewing_look_viewer ON viewing_look (viewer_id, no);
CREATE INDEX viewing_look_recording ON viewing_look (recording_id, no);
CREATE INDEX viewing_look_request ON viewing_look (request_id, no);
CREATE INDEX viewing_look_open ON viewing_look (closed_at, session_key);
INSERT INTO viewing_look (id, no, kind, ground, request_id, recording_id, department_id, viewer_id, viewer_name, viewer_dept, account_id, session_key, ip, from_us, to_us, opened_at, closed_at, why_closed, watched, watched_ms, confirmed_at, confirmed_by, confirmed_name, remark) SELECT id, no, kind, ground, request_id, recording_id, department_id, viewer_id, viewer_name, viewer_dept, account_id, session_key, ip, from_us, to_us, opened_at, closed_at, why_closed, watched, watched_ms, confirmed_at, confirmed_by, confirmed_name, remark FROM viewing_look_was;
-- +goose StatementBegin
CREATE TRIGGER viewing_look_fixed BEFORE UPDATE ON viewing_look
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.ground <> OLD.ground OR NEW.request_id <> OLD.request_id OR NEW.case_id <> OLD.case_id OR NEW.recording_id <> OLD.recording_id
  OR NEW.viewer_id <> OLD.viewer_id OR NEW.account_id <> OLD.account_id OR NEW.opened_at <> OLD.opened_at OR NEW.from_us <> OLD.from_us OR NEW.to_us <> OLD.to_us
  OR (OLD.closed_at <> 0 AND (NEW.closed_at <> OLD.closed_at OR NEW.watched <> OLD.watched OR NEW.watched_ms <> OLD.watched_ms))
  OR (OLD.confirmed_at <> 0 AND (NEW.confirmed_at <> OLD.confirmed_at OR NEW.confirmed_by <> OLD.confirmed_by OR NEW.remark <> OLD.remark))
BEGIN SELECT RAISE(ABORT, 'a look is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER viewing_look_kept BEFORE DELETE ON viewing_look
BEGIN SELECT RAISE(ABORT, 'a look is never deleted'); END;
-- +goose StatementEnd

CREATE TABLE viewing_watch (
    look_id   TEXT   NOT NULL PRIMARY KEY REFERENCES viewing_look (id),
    sent      TEXT   NOT NULL, -- JSON: spans in milliseconds
    played    TEXT   NOT NULL,
    seen_at   BIGINT NOT NULL
);
INSERT INTO viewing_watch SELECT look_id, sent, played, seen_at FROM viewing_watch_was;

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
INSERT INTO viewing_grab (id, n, look_id, recording_id, file_id, segment, within_us, at_us, mark, sha256, size, person_id, made_at, entry_id) SELECT id, n, look_id, recording_id, file_id, segment, within_us, at_us, mark, sha256, size, person_id, made_at, entry_id FROM viewing_grab_was;
-- +goose StatementBegin
CREATE TRIGGER viewing_grab_fixed BEFORE UPDATE ON viewing_grab
BEGIN SELECT RAISE(ABORT, 'a still picture is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER viewing_grab_kept BEFORE DELETE ON viewing_grab
BEGIN SELECT RAISE(ABORT, 'a still picture is never deleted'); END;
-- +goose StatementEnd

DROP TABLE viewing_watch_was;
DROP TABLE viewing_grab_was;
DROP TABLE viewing_look_was;

-- +goose Down
-- Looks on this ground have no place in the older form; a bureau that has any cannot go back.
CREATE TABLE viewing_watch_was AS SELECT * FROM viewing_watch;
CREATE TABLE viewing_grab_was AS SELECT * FROM viewing_grab;
CREATE TABLE viewing_look_was AS SELECT * FROM viewing_look;
DROP TABLE viewing_watch;
DROP TABLE viewing_grab;
DROP TABLE viewing_look;

CREATE TABLE viewing_look (
    id             TEXT   NOT NULL PRIMARY KEY,
    no             BIGINT NOT NULL UNIQUE,
    kind           TEXT   NOT NULL CHECK (kind IN ('play', 'picture')),
    ground         TEXT   NOT NULL CHECK (ground IN ('consent', 'own')),
    request_id     TEXT   NOT NULL, -- '' for one's own recording
    recording_id   TEXT   NOT NULL REFERENCES recording (id),
    department_id  TEXT   NOT NULL,
    viewer_id      TEXT   NOT NULL,
    viewer_name    TEXT   NOT NULL,
    viewer_dept    TEXT   NOT NULL,
    account_id     TEXT   NOT NULL,
    session_key    TEXT   NOT NULL,
    ip             TEXT   NOT NULL,
    from_us        BIGINT NOT NULL,
    to_us          BIGINT NOT NULL, -- 0: to the end
    opened_at      BIGINT NOT NULL,
    closed_at      BIGINT NOT NULL DEFAULT 0,
    why_closed     TEXT   NOT NULL DEFAULT '',
    watched        TEXT   NOT NULL DEFAULT '', -- JSON: spans in milliseconds
    watched_ms     BIGINT NOT NULL DEFAULT 0,
    confirmed_at   BIGINT NOT NULL DEFAULT 0,
    confirmed_by   TEXT   NOT NULL DEFAULT '',
    confirmed_name TEXT   NOT NULL DEFAULT '',
    remark         TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX viewing_look_department ON viewing_look (department_id, no);
CREATE INDEX viewing_look_viewer ON viewing_look (viewer_id, no);
CREATE INDEX viewing_look_recording ON viewing_look (recording_id, no);
CREATE INDEX viewing_look_request ON viewing_look (request_id, no);
CREATE INDEX viewing_look_open ON viewing_look (closed_at, session_key);
INSERT INTO viewing_look (id, no, kind, ground, request_id, recording_id, department_id, viewer_id, viewer_name, viewer_dept, account_id, session_key, ip, from_us, to_us, opened_at, closed_at, why_closed, watched, watched_ms, confirmed_at, confirmed_by, confirmed_name, remark) SELECT id, no, kind, ground, request_id, recording_id, department_id, viewer_id, viewer_name, viewer_dept, account_id, session_key, ip, from_us, to_us, opened_at, closed_at, why_closed, watched, watched_ms, confirmed_at, confirmed_by, confirmed_name, remark FROM viewing_look_was;
-- +goose StatementBegin
CREATE TRIGGER viewing_look_fixed BEFORE UPDATE ON viewing_look
WHEN NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.ground <> OLD.ground OR NEW.request_id <> OLD.request_id OR NEW.recording_id <> OLD.recording_id
  OR NEW.viewer_id <> OLD.viewer_id OR NEW.account_id <> OLD.account_id OR NEW.opened_at <> OLD.opened_at OR NEW.from_us <> OLD.from_us OR NEW.to_us <> OLD.to_us
  OR (OLD.closed_at <> 0 AND (NEW.closed_at <> OLD.closed_at OR NEW.watched <> OLD.watched OR NEW.watched_ms <> OLD.watched_ms))
  OR (OLD.confirmed_at <> 0 AND (NEW.confirmed_at <> OLD.confirmed_at OR NEW.confirmed_by <> OLD.confirmed_by OR NEW.remark <> OLD.remark))
BEGIN SELECT RAISE(ABORT, 'a look is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER viewing_look_kept BEFORE DELETE ON viewing_look
BEGIN SELECT RAISE(ABORT, 'a look is never deleted'); END;
-- +goose StatementEnd

CREATE TABLE viewing_watch (
    look_id   TEXT   NOT NULL PRIMARY KEY REFERENCES viewing_look (id),
    sent      TEXT   NOT NULL, -- JSON: spans in milliseconds
    played    TEXT   NOT NULL,
    seen_at   BIGINT NOT NULL
);
INSERT INTO viewing_watch SELECT look_id, sent, played, seen_at FROM viewing_watch_was;

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
INSERT INTO viewing_grab (id, n, look_id, recording_id, file_id, segment, within_us, at_us, mark, sha256, size, person_id, made_at, entry_id) SELECT id, n, look_id, recording_id, file_id, segment, within_us, at_us, mark, sha256, size, person_id, made_at, entry_id FROM viewing_grab_was;
-- +goose StatementBegin
CREATE TRIGGER viewing_grab_fixed BEFORE UPDATE ON viewing_grab
BEGIN SELECT RAISE(ABORT, 'a still picture is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER viewing_grab_kept BEFORE DELETE ON viewing_grab
BEGIN SELECT RAISE(ABORT, 'a still picture is never deleted'); END;
-- +goose StatementEnd

DROP TABLE viewing_watch_was;
DROP TABLE viewing_grab_was;
DROP TABLE viewing_look_was;
