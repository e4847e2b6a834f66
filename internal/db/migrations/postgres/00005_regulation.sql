-- +goose Up
CREATE TABLE regulation_setting (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    settings   TEXT    NOT NULL,
    adopted_at BIGINT  NOT NULL,
    adopted_by TEXT    NOT NULL,
    entry_id   TEXT    NOT NULL
);

-- +goose Down
DROP TABLE regulation_setting;
