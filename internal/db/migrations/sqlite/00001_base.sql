-- +goose Up
-- One row: which bureau this database belongs to. A data folder and its keys folder carry the same id.
CREATE TABLE installation (
    id          TEXT   NOT NULL PRIMARY KEY,
    bureau_name TEXT   NOT NULL,
    origin      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE installation;
