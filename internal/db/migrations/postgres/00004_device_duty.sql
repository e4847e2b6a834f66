-- +goose Up
-- Who owes what by when (待办). Ended duties stay for ever.
CREATE TABLE duty (
    id            TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('open', 'met', 'waived', 'cancelled')),
    subject_kind  TEXT   NOT NULL CHECK (subject_kind <> ''),
    subject_id    TEXT   NOT NULL CHECK (subject_id <> ''),
    device_id     TEXT   NOT NULL DEFAULT '',
    person_id     TEXT   NOT NULL DEFAULT '',
    department_id TEXT   NOT NULL DEFAULT '',
    args          TEXT   NOT NULL, -- JSON object: arguments of the title
    since_at      BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    opened_at     BIGINT NOT NULL,
    closed_at     BIGINT NOT NULL DEFAULT 0,
    evidence      TEXT   NOT NULL DEFAULT '', -- the custody entry that ended it
    reason        TEXT   NOT NULL DEFAULT '',
    waived_by     TEXT   NOT NULL DEFAULT '',
    CONSTRAINT duty_closed CHECK ((state = 'open') = (closed_at = 0)),
    CONSTRAINT duty_waiver CHECK (state <> 'waived' OR (waived_by <> '' AND reason <> ''))
);
-- One duty of a kind about a subject; after a cancellation it may be opened anew.
CREATE UNIQUE INDEX duty_once ON duty (kind, subject_kind, subject_id) WHERE state <> 'cancelled';
CREATE INDEX duty_due ON duty (state, due_at, id);
CREATE INDEX duty_person ON duty (person_id, state, due_at, id);
CREATE INDEX duty_department ON duty (department_id, state, due_at, id);
CREATE INDEX duty_device ON duty (device_id, state);
CREATE INDEX duty_subject ON duty (subject_kind, subject_id);
CREATE INDEX duty_closed_at ON duty (closed_at, id);

-- Recording devices (设备). The *_key columns are the folded forms by which a card finds its camera.
CREATE TABLE device (
    id            TEXT   NOT NULL PRIMARY KEY,
    label         TEXT   NOT NULL CHECK (label <> ''),
    label_key     TEXT   NOT NULL UNIQUE,
    kind          TEXT   NOT NULL CHECK (kind IN ('body_camera', 'camera', 'drone', 'fixed', 'phone')),
    maker         TEXT   NOT NULL DEFAULT '',
    model         TEXT   NOT NULL DEFAULT '',
    serial        TEXT   NOT NULL DEFAULT '',
    serial_key    TEXT   NOT NULL DEFAULT '',
    card_label    TEXT   NOT NULL DEFAULT '',
    card_key      TEXT   NOT NULL DEFAULT '',
    name_code     TEXT   NOT NULL DEFAULT '',
    name_key      TEXT   NOT NULL DEFAULT '',
    department_id TEXT   NOT NULL CHECK (department_id <> ''),
    state         TEXT   NOT NULL CHECK (state IN ('in_use', 'repair', 'lost', 'retired')),
    state_note    TEXT   NOT NULL DEFAULT '',
    state_at      BIGINT NOT NULL,
    note          TEXT   NOT NULL DEFAULT '',
    search        TEXT   NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);
CREATE INDEX device_department ON device (department_id, label_key, id);
CREATE INDEX device_serial ON device (serial_key);
CREATE INDEX device_card ON device (card_key);
CREATE INDEX device_name ON device (name_key);

-- Issue to and return from an officer (领用与交回).
CREATE TABLE device_issue (
    id            TEXT   NOT NULL PRIMARY KEY,
    device_id     TEXT   NOT NULL REFERENCES device (id),
    department_id TEXT   NOT NULL, -- the device's at that time
    person_id     TEXT   NOT NULL CHECK (person_id <> ''),
    purpose       TEXT   NOT NULL CHECK (purpose <> ''),
    issued_at     BIGINT NOT NULL,
    issued_by     TEXT   NOT NULL,
    entered_at    BIGINT NOT NULL, -- when it was written down; later than issued_at for a paper form
    returned_at   BIGINT NOT NULL DEFAULT 0,
    returned_by   TEXT   NOT NULL DEFAULT '',
    condition     TEXT   NOT NULL DEFAULT '' CHECK (condition IN ('', 'good', 'damaged', 'lost')),
    note          TEXT   NOT NULL DEFAULT '',
    CONSTRAINT device_issue_order CHECK (returned_at = 0 OR returned_at >= issued_at),
    CONSTRAINT device_issue_return CHECK ((returned_at = 0) = (condition = ''))
);
-- A device is with one person at a time.
CREATE UNIQUE INDEX device_issue_open ON device_issue (device_id) WHERE returned_at = 0;
CREATE INDEX device_issue_device ON device_issue (device_id, issued_at, id);
CREATE INDEX device_issue_department ON device_issue (department_id, issued_at, id);
CREATE INDEX device_issue_person ON device_issue (person_id, issued_at, id);
CREATE INDEX device_issue_at ON device_issue (issued_at, id);

-- What was found when a device's clock was compared with ours (时钟核对): true time = what it shows + offset.
CREATE TABLE device_clock (
    id        TEXT   NOT NULL PRIMARY KEY,
    device_id TEXT   NOT NULL REFERENCES device (id),
    at        BIGINT NOT NULL, -- by our clock
    face_at   BIGINT NOT NULL, -- what the device showed then, in the middle of the uncertainty
    lo_us     BIGINT NOT NULL,
    hi_us     BIGINT NOT NULL,
    source    TEXT   NOT NULL CHECK (source IN ('dock', 'person', 'slate')),
    CONSTRAINT device_clock_order CHECK (lo_us <= hi_us)
);
CREATE INDEX device_clock_face ON device_clock (device_id, face_at, id);

-- The last number seen in each series of a device's file names (T2).
CREATE TABLE device_series (
    device_id TEXT   NOT NULL REFERENCES device (id),
    series    TEXT   NOT NULL,
    width     BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    name      TEXT   NOT NULL,
    made_at   BIGINT NOT NULL, -- by the device's clock; 0 if unknown
    noted_at  BIGINT NOT NULL,
    PRIMARY KEY (device_id, series, width)
);

-- +goose Down
DROP TABLE device_series;
DROP TABLE device_clock;
DROP TABLE device_issue;
DROP TABLE device;
DROP TABLE duty;
