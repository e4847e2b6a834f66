-- +goose Up
-- Cases and their written records (第三至十一条). Times are microseconds, UTC; 0 is not yet.
CREATE TABLE casefile (
    id             TEXT   NOT NULL PRIMARY KEY,
    no             TEXT   NOT NULL,
    title          TEXT   NOT NULL,
    act            TEXT   NOT NULL,
    procedure      TEXT   NOT NULL,
    origin         TEXT   NOT NULL,
    department_id  TEXT   NOT NULL,
    stage          TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    edition        BIGINT NOT NULL,
    opened_at      BIGINT NOT NULL,
    opened_by      TEXT   NOT NULL,
    closed_at      BIGINT NOT NULL,
    joined_into    TEXT   NOT NULL,
    split_from     TEXT   NOT NULL,
    basis          TEXT   NOT NULL,
    entry_id       TEXT   NOT NULL,
    revision       BIGINT NOT NULL, -- counts its changes; a change takes the row first
    next_due       BIGINT NOT NULL, -- of its duties; 0 for none
    parties        TEXT   NOT NULL, -- names of its parties, for the list
    CHECK (stage IN ('initiation', 'investigation', 'review-decision', 'service-execution', 'closing-archive')),
    CHECK (state IN ('open', 'suspended', 'withdrawn', 'joined', 'closed', 'archived')),
    UNIQUE (no)
);
CREATE TABLE case_party (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    id_number      TEXT   NOT NULL,
    legal_rep      TEXT   NOT NULL,
    address        TEXT   NOT NULL,
    phone          TEXT   NOT NULL,
    for_id         TEXT   NOT NULL,
    added_at       BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_handler (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    person_id      TEXT   NOT NULL,
    certificate    TEXT   NOT NULL,
    lead           BOOLEAN NOT NULL,
    from_at        BIGINT NOT NULL,
    until_at       BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_paper (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    type           TEXT   NOT NULL,
    no             TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    filled         TEXT   NOT NULL,
    digest         TEXT   NOT NULL,
    revision       BIGINT NOT NULL,
    texts          TEXT   NOT NULL,
    made_by        TEXT   NOT NULL,
    made_at        BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    changed_by     TEXT   NOT NULL,
    fixed_at       BIGINT NOT NULL,
    done_at        BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    entry_id       TEXT   NOT NULL,
    marks          TEXT   NOT NULL, -- JSON: the revision in which each field of the draft was last changed
    CHECK (state IN ('draft', 'submitted', 'returned', 'fixed', 'complete', 'void'))
);
CREATE TABLE case_version (
    id             TEXT   NOT NULL PRIMARY KEY,
    paper_id       TEXT   NOT NULL,
    number         BIGINT NOT NULL,
    filled         TEXT   NOT NULL,
    digest         TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    by_id          TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    entry_id       TEXT   NOT NULL,
    UNIQUE (paper_id, number)
);
CREATE TABLE case_signature (
    id             TEXT   NOT NULL PRIMARY KEY,
    paper_id       TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    role           TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    person_id      TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    witness        TEXT   NOT NULL,
    image          BYTEA   NOT NULL,
    file_id        TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL,
    CHECK (mode IN ('own', 'drawn', 'scan', 'seal', 'refused')),
    CHECK (mode <> 'refused' OR reason <> '')
);
CREATE TABLE case_approval (
    id             TEXT   NOT NULL PRIMARY KEY,
    paper_id       TEXT   NOT NULL,
    round          BIGINT NOT NULL,
    step           TEXT   NOT NULL,
    agreed         BOOLEAN NOT NULL,
    opinion        TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    for_id         TEXT   NOT NULL,
    digest         TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL,
    CHECK (step IN ('handler', 'unit', 'legal', 'leader')),
    UNIQUE (paper_id, round, step, by_id)
);
CREATE TABLE case_delivery (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    paper_id       TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    recipient      TEXT   NOT NULL,
    relation       TEXT   NOT NULL,
    place          TEXT   NOT NULL,
    sent           BIGINT NOT NULL,
    taken          BIGINT NOT NULL,
    returned       BOOLEAN NOT NULL,
    reason         TEXT   NOT NULL,
    course         TEXT   NOT NULL,
    witness        TEXT   NOT NULL,
    answers        TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    deemed         BIGINT NOT NULL,
    receipt_id     TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_answer (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    fact           TEXT   NOT NULL,
    value          TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_waiver (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    item           TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL,
    UNIQUE (case_id, item),
    CHECK (reason <> '')
);
CREATE TABLE case_link (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    paper_id       TEXT   NOT NULL,
    recording_id   TEXT   NOT NULL,
    matter         TEXT   NOT NULL,
    from_at        BIGINT NOT NULL,
    to_at          BIGINT NOT NULL,
    note           TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    struck         BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_report (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    event          TEXT   NOT NULL,
    on_at          BIGINT NOT NULL,
    timed          BOOLEAN NOT NULL,
    basis          TEXT   NOT NULL,
    by_id          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    entry_id       TEXT   NOT NULL
);
CREATE TABLE case_limit (
    id             TEXT   NOT NULL PRIMARY KEY,
    case_id        TEXT   NOT NULL,
    term           TEXT   NOT NULL,
    start_event    TEXT   NOT NULL,
    source         TEXT   NOT NULL,
    from_at        BIGINT NOT NULL,
    due            BIGINT NOT NULL,
    doubt          TEXT   NOT NULL,
    duty           BOOLEAN NOT NULL,
    met            BIGINT NOT NULL,
    gone           BOOLEAN NOT NULL,
    result         TEXT   NOT NULL,
    edition        BIGINT NOT NULL,
    UNIQUE (case_id, term, source)
);
CREATE INDEX casefile_opened ON casefile (opened_at, id);
CREATE INDEX casefile_due ON casefile (next_due, id);
CREATE INDEX casefile_department ON casefile (department_id, opened_at, id);
CREATE INDEX case_party_case ON case_party (case_id);
CREATE INDEX case_handler_case ON case_handler (case_id);
CREATE INDEX case_paper_case ON case_paper (case_id);
CREATE INDEX case_delivery_case ON case_delivery (case_id);
CREATE INDEX case_answer_case ON case_answer (case_id);
CREATE INDEX case_link_case ON case_link (case_id);
CREATE INDEX case_report_case ON case_report (case_id);
CREATE INDEX case_signature_paper ON case_signature (paper_id);
CREATE INDEX case_approval_paper ON case_approval (paper_id);
CREATE INDEX case_handler_person ON case_handler (person_id, case_id);
CREATE INDEX case_link_recording ON case_link (recording_id);
-- Numbers given out, by what they count. Never lowered.
CREATE TABLE case_number (
    scope TEXT   NOT NULL PRIMARY KEY,
    last  BIGINT NOT NULL
);
-- When officers were where, by papers made on the spot: nobody is in two places at once (R-08-02).
CREATE TABLE case_presence (
    id        TEXT   NOT NULL PRIMARY KEY,
    paper_id  TEXT   NOT NULL,
    person_id TEXT   NOT NULL,
    from_at   BIGINT NOT NULL,
    to_at     BIGINT NOT NULL
);
CREATE INDEX case_presence_person ON case_presence (person_id, from_at);
-- Words of a draft that met other words in the same field: kept until somebody settles which stand.
CREATE TABLE case_clash (
    id         TEXT   NOT NULL PRIMARY KEY,
    paper_id   TEXT   NOT NULL,
    field      TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    by_id      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    settled_at BIGINT NOT NULL
);
CREATE INDEX case_clash_paper ON case_clash (paper_id);
-- Scans and other files that belong to a paper. Recordings never come this way.
CREATE TABLE case_attachment (
    id       TEXT   NOT NULL PRIMARY KEY,
    case_id  TEXT   NOT NULL,
    paper_id TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    size     BIGINT NOT NULL,
    sha256   TEXT   NOT NULL,
    content  BYTEA   NOT NULL,
    by_id    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    entry_id TEXT   NOT NULL
);
CREATE INDEX case_attachment_case ON case_attachment (case_id);

-- +goose Down
DROP TABLE case_attachment;
DROP TABLE case_clash;
DROP TABLE case_presence;
DROP TABLE case_number;
DROP TABLE case_limit;
DROP TABLE case_report;
DROP TABLE case_link;
DROP TABLE case_waiver;
DROP TABLE case_answer;
DROP TABLE case_delivery;
DROP TABLE case_approval;
DROP TABLE case_signature;
DROP TABLE case_version;
DROP TABLE case_paper;
DROP TABLE case_handler;
DROP TABLE case_party;
DROP TABLE casefile;
