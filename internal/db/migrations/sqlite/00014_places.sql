-- +goose Up
-- Where this database's rows went, once they were moved elsewhere. No server begins on it from then on.
CREATE TABLE moved (
    one   BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    place TEXT   NOT NULL CHECK (place <> ''), -- without a password
    id    TEXT   NOT NULL CHECK (id <> ''),    -- the entry that began the move
    at    BIGINT NOT NULL
);

-- The servers of this bureau, and how they reach each other. A row is a server's own, renewed while it lives.
CREATE TABLE node (
    name    TEXT   NOT NULL PRIMARY KEY,
    run     TEXT   NOT NULL, -- one start of the program
    address TEXT   NOT NULL, -- host:port on the inner network; '' for a server that takes nothing from others
    seen_at BIGINT NOT NULL, -- by the database's clock
    ended   BOOLEAN NOT NULL -- it was stopped in order
);

-- +goose Down
DROP TABLE node;
DROP TABLE moved;
