-- +goose Up
-- The bureau, its departments, its people and what they are appointed to. No ethnicity, religion or identity number
-- is kept (decision 26): nothing here needs them. A day is kept as its midnight in Shanghai.
CREATE TABLE bureau (
    one        BIGINT NOT NULL PRIMARY KEY CHECK (one = 1), -- an installation serves one bureau
    id         TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL CHECK (name <> ''),
    created_at BIGINT NOT NULL
);

CREATE TABLE department (
    id         TEXT   NOT NULL PRIMARY KEY,
    parent_id  TEXT   REFERENCES department (id), -- NULL directly under the bureau
    name       TEXT   NOT NULL CHECK (name <> ''),
    sort       BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    closed_at  BIGINT NOT NULL DEFAULT 0, -- 0 while open
    CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX department_name ON department (name) WHERE closed_at = 0;
CREATE INDEX department_parent ON department (parent_id);

CREATE TABLE person (
    id             TEXT   NOT NULL PRIMARY KEY,
    name           TEXT   NOT NULL CHECK (name <> ''),
    number         TEXT   NOT NULL DEFAULT '',    -- staff number
    department_id  TEXT   REFERENCES department (id), -- NULL: the bureau itself
    search         TEXT   NOT NULL,               -- folded name and number, for contains search
    created_at     BIGINT NOT NULL,
    deactivated_at BIGINT NOT NULL DEFAULT 0      -- 0 while serving
);
CREATE INDEX person_name ON person (name, id);
CREATE INDEX person_department ON person (department_id, name, id);
CREATE UNIQUE INDEX person_number ON person (number) WHERE number <> '';

-- Enforcement certificates. A number is never used twice, not even after revocation.
CREATE TABLE certificate (
    id            TEXT   NOT NULL PRIMARY KEY,
    person_id     TEXT   NOT NULL REFERENCES person (id),
    number        TEXT   NOT NULL UNIQUE CHECK (number <> ''),
    kind          TEXT   NOT NULL CHECK (kind IN ('enforcement', 'supervision')),
    valid_from    BIGINT NOT NULL, -- first day
    valid_to      BIGINT NOT NULL, -- last day, itself valid
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL DEFAULT 0,
    revoke_reason TEXT   NOT NULL DEFAULT '',
    CHECK (valid_to >= valid_from)
);
CREATE INDEX certificate_person ON certificate (person_id, valid_to);
CREATE INDEX certificate_valid_to ON certificate (valid_to);

-- What an import asks for beyond the register: a sign-in name and roles. Only a security administrator settles it
-- (T13): an import itself gives nobody a role.
CREATE TABLE person_proposal (
    person_id  TEXT   NOT NULL PRIMARY KEY REFERENCES person (id),
    username   TEXT   NOT NULL,
    roles      TEXT   NOT NULL, -- comma separated
    asked_at   BIGINT NOT NULL,
    settled_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX person_proposal_username ON person_proposal (username) WHERE username <> '';

-- An import between its preview and its confirmation; gone once taken.
CREATE TABLE import_draft (
    id      TEXT   NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    made_by TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    content TEXT   NOT NULL
);
CREATE INDEX import_draft_at ON import_draft (at);

-- The class a person's current appointments belong to: evidence work, or one of the three administrators. One row a
-- person, so two classes at once cannot be written down (T13, ADR 0005).
CREATE TABLE person_class (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES person (id),
    class     TEXT NOT NULL CHECK (class IN ('evidence', 'system', 'security', 'audit')),
    UNIQUE (person_id, class)
);

-- Appointments: roles with dates. While one has not ended, active_class is its role's class and must be its person's
-- class too; when it ends, active_class is NULL and holds nobody back.
CREATE TABLE appointment (
    id            TEXT   NOT NULL PRIMARY KEY,
    person_id     TEXT   NOT NULL REFERENCES person (id),
    role          TEXT   NOT NULL CHECK (role IN ('officer', 'custodian', 'head', 'leader', 'legal_reviewer',
                      'supervisor', 'system_admin', 'security_admin', 'audit_admin')),
    department_id TEXT   REFERENCES department (id),
    from_at       BIGINT NOT NULL,
    to_at         BIGINT NOT NULL DEFAULT 0, -- first instant no longer in force; 0 without end
    appointed_by  TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL DEFAULT 0, -- 0 until taken back or closed after its last day
    ended_by      TEXT   NOT NULL DEFAULT '',
    active_class  TEXT,
    CHECK (to_at = 0 OR to_at > from_at),
    CHECK (ended_at >= 0),
    CHECK ((active_class IS NULL) = (ended_at <> 0)),
    CHECK (active_class IS NULL OR active_class = CASE role
        WHEN 'system_admin' THEN 'system'
        WHEN 'security_admin' THEN 'security'
        WHEN 'audit_admin' THEN 'audit'
        ELSE 'evidence' END),
    CHECK (department_id IS NOT NULL OR role NOT IN ('officer', 'custodian', 'head')),
    FOREIGN KEY (person_id, active_class) REFERENCES person_class (person_id, class)
);
CREATE INDEX appointment_person ON appointment (person_id, ended_at);
CREATE INDEX appointment_role ON appointment (role, department_id, ended_at);

CREATE TABLE account (
    id            TEXT    NOT NULL PRIMARY KEY,
    person_id     TEXT    NOT NULL UNIQUE REFERENCES person (id),
    username      TEXT   NOT NULL UNIQUE CHECK (username <> ''), -- folded to lower case
    password_hash TEXT    NOT NULL, -- argon2id, PHC string
    must_change   BOOLEAN NOT NULL,
    failed        BIGINT  NOT NULL DEFAULT 0, -- wrong tries since the last right one or lock
    locks         BIGINT  NOT NULL DEFAULT 0, -- locks since the last right one: each is twice as long
    locked_until  BIGINT  NOT NULL DEFAULT 0,
    disabled_at   BIGINT  NOT NULL DEFAULT 0,
    created_at    BIGINT  NOT NULL,
    password_at   BIGINT  NOT NULL,
    signed_in_at  BIGINT  NOT NULL DEFAULT 0
);

-- Sessions. An ended one is gone; the log keeps its beginning and end.
CREATE TABLE session (
    digest     TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's token, hexadecimal
    account_id TEXT   NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    ip         TEXT   NOT NULL,
    agent      TEXT   NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_created ON session (created_at);

CREATE TABLE token (
    id            TEXT   NOT NULL PRIMARY KEY,
    digest        TEXT   NOT NULL UNIQUE, -- SHA-256 of the token, hexadecimal
    scope         TEXT   NOT NULL CHECK (scope IN ('dock', 'read')),
    name          TEXT   NOT NULL CHECK (name <> ''),
    department_id TEXT   REFERENCES department (id),
    created_by    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL DEFAULT 0,
    revoked_at    BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE token;
DROP TABLE session;
DROP TABLE account;
DROP TABLE appointment;
DROP TABLE person_class;
DROP TABLE import_draft;
DROP TABLE person_proposal;
DROP TABLE certificate;
DROP TABLE person;
DROP TABLE department;
DROP TABLE bureau;
