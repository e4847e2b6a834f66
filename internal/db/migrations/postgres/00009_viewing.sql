-- +goose Up
-- Running numbers that people quote: of requests and of rows of the register (查阅登记簿).
CREATE TABLE viewing_number (
    name TEXT   NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO viewing_number (name, last) VALUES ('request', 0), ('look', 0);

-- A request to look, what was decided, and, once consented to, the grant (第二十三条). Never removed.
CREATE TABLE viewing_request (
    id             TEXT   NOT NULL PRIMARY KEY,
    no             BIGINT NOT NULL UNIQUE,
    state          TEXT   NOT NULL CHECK (state IN ('asked', 'granted', 'refused', 'withdrawn', 'revoked', 'expired')),
    viewer_id      TEXT   NOT NULL, -- the person who wants to look
    viewer_name    TEXT   NOT NULL,
    viewer_dept    TEXT   NOT NULL,
    department_id  TEXT   NOT NULL, -- whose recordings they are
    purpose        TEXT   NOT NULL,
    words          TEXT   NOT NULL,
    asked_at       BIGINT NOT NULL,
    asked_until    BIGINT NOT NULL,
    level          TEXT   NOT NULL CHECK (level IN ('head', 'leader')),
    approver_id    TEXT   NOT NULL, -- whose duty the decision is
    decided_at     BIGINT NOT NULL DEFAULT 0,
    decided_by     TEXT   NOT NULL DEFAULT '',
    decided_name   TEXT   NOT NULL DEFAULT '',
    decided_words  TEXT   NOT NULL DEFAULT '',
    granted_until  BIGINT NOT NULL DEFAULT 0,
    ended_at       BIGINT NOT NULL DEFAULT 0,
    ended_by       TEXT   NOT NULL DEFAULT '',
    ended_name     TEXT   NOT NULL DEFAULT '',
    ended_words    TEXT   NOT NULL DEFAULT '',
    CHECK (state <> 'granted' OR (granted_until > 0 AND decided_by <> '' AND decided_by <> viewer_id))
);
CREATE INDEX viewing_request_viewer ON viewing_request (viewer_id, state, no);
CREATE INDEX viewing_request_department ON viewing_request (department_id, state, no);
CREATE INDEX viewing_request_approver ON viewing_request (approver_id, state, no);
CREATE INDEX viewing_request_state ON viewing_request (state, granted_until);

-- What a request is about: recordings, each whole or one span of it, in microseconds from its beginning.
CREATE TABLE viewing_item (
    id           TEXT   NOT NULL PRIMARY KEY,
    request_id   TEXT   NOT NULL REFERENCES viewing_request (id),
    n            BIGINT NOT NULL,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    from_us      BIGINT NOT NULL,
    to_us        BIGINT NOT NULL, -- 0: to the end
    UNIQUE (request_id, n)
);
CREATE INDEX viewing_item_recording ON viewing_item (recording_id);

-- One look, which is one row of the register (查阅登记簿).
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

-- How far a running look has come. It is folded into the look when that ends, so that a killed server loses seconds, not looks.
CREATE TABLE viewing_watch (
    look_id   TEXT   NOT NULL PRIMARY KEY REFERENCES viewing_look (id),
    sent      TEXT   NOT NULL, -- JSON: spans in milliseconds
    played    TEXT   NOT NULL,
    seen_at   BIGINT NOT NULL
);

-- The officer's registration of their own recording; it ends the right to look without consent (decision 2).
CREATE TABLE viewing_registration (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL UNIQUE REFERENCES recording (id),
    person_id    TEXT   NOT NULL,
    person_name  TEXT   NOT NULL,
    words        TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    entry_id     TEXT   NOT NULL
);

-- A moment of a recording with words. Only who may look sees it: it says what the picture shows.
CREATE TABLE viewing_mark (
    id           TEXT   NOT NULL PRIMARY KEY,
    recording_id TEXT   NOT NULL REFERENCES recording (id),
    at_ms        BIGINT NOT NULL,
    words        TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    person_name  TEXT   NOT NULL,
    look_id      TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    struck_at    BIGINT NOT NULL DEFAULT 0,
    entry_id     TEXT   NOT NULL
);
CREATE INDEX viewing_mark_recording ON viewing_mark (recording_id, at_ms);

-- The database itself keeps who asked, who decided and who looked.
CREATE TRIGGER viewing_request_fixed BEFORE UPDATE ON viewing_request FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.viewer_id <> OLD.viewer_id OR NEW.department_id <> OLD.department_id OR NEW.purpose <> OLD.purpose
  OR NEW.words <> OLD.words OR NEW.asked_at <> OLD.asked_at OR NEW.asked_until <> OLD.asked_until OR NEW.level <> OLD.level
  OR (OLD.decided_at <> 0 AND (NEW.decided_at <> OLD.decided_at OR NEW.decided_by <> OLD.decided_by OR NEW.granted_until <> OLD.granted_until))
  OR (OLD.ended_at <> 0 AND (NEW.ended_at <> OLD.ended_at OR NEW.state <> OLD.state)))
EXECUTE FUNCTION recording_forbid('a request to look is never edited');
CREATE TRIGGER viewing_request_kept BEFORE DELETE ON viewing_request FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a request to look is never deleted');
CREATE TRIGGER viewing_item_fixed BEFORE UPDATE ON viewing_item FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was asked for is never edited');
CREATE TRIGGER viewing_item_kept BEFORE DELETE ON viewing_item FOR EACH ROW
EXECUTE FUNCTION recording_forbid('what was asked for is never deleted');
CREATE TRIGGER viewing_look_fixed BEFORE UPDATE ON viewing_look FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.no <> OLD.no OR NEW.ground <> OLD.ground OR NEW.request_id <> OLD.request_id OR NEW.recording_id <> OLD.recording_id
  OR NEW.viewer_id <> OLD.viewer_id OR NEW.account_id <> OLD.account_id OR NEW.opened_at <> OLD.opened_at OR NEW.from_us <> OLD.from_us OR NEW.to_us <> OLD.to_us
  OR (OLD.closed_at <> 0 AND (NEW.closed_at <> OLD.closed_at OR NEW.watched <> OLD.watched OR NEW.watched_ms <> OLD.watched_ms))
  OR (OLD.confirmed_at <> 0 AND (NEW.confirmed_at <> OLD.confirmed_at OR NEW.confirmed_by <> OLD.confirmed_by OR NEW.remark <> OLD.remark)))
EXECUTE FUNCTION recording_forbid('a look is never edited');
CREATE TRIGGER viewing_look_kept BEFORE DELETE ON viewing_look FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a look is never deleted');
CREATE TRIGGER viewing_registration_fixed BEFORE UPDATE ON viewing_registration FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a registration is never edited');
CREATE TRIGGER viewing_registration_kept BEFORE DELETE ON viewing_registration FOR EACH ROW
EXECUTE FUNCTION recording_forbid('a registration is never deleted');

-- +goose Down
DROP TABLE viewing_mark;
DROP TABLE viewing_registration;
DROP TABLE viewing_watch;
DROP TABLE viewing_look;
DROP TABLE viewing_item;
DROP TABLE viewing_request;
DROP TABLE viewing_number;
