-- +goose Up
-- A request says in which manner (方式): looked at here, lent, copied for a file, given to an outside body, published. What is given out
-- names who receives it (第二十条第一款). Protected content needs two who consent, each somebody else (第二十条第三款).
ALTER TABLE viewing_request ADD COLUMN manner TEXT NOT NULL DEFAULT 'view' CHECK (manner IN ('view', 'borrow', 'copy', 'provide', 'publish')); -- 方式
ALTER TABLE viewing_request ADD COLUMN to_body TEXT NOT NULL DEFAULT ''; -- the outside body it is for
ALTER TABLE viewing_request ADD COLUMN to_person TEXT NOT NULL DEFAULT ''; -- who represents it
ALTER TABLE viewing_request ADD COLUMN to_contact TEXT NOT NULL DEFAULT '';
ALTER TABLE viewing_request ADD COLUMN to_basis TEXT NOT NULL DEFAULT ''; -- the lawful basis it names
ALTER TABLE viewing_request ADD COLUMN renews TEXT NOT NULL DEFAULT ''; -- the request that this one goes on from
ALTER TABLE viewing_request ADD COLUMN quorum BIGINT NOT NULL DEFAULT 1 CHECK (quorum IN (1, 2)); -- how many must consent
ALTER TABLE viewing_request ADD COLUMN second_level TEXT NOT NULL DEFAULT '' CHECK (second_level IN ('', 'head', 'leader'));
ALTER TABLE viewing_request ADD COLUMN first_at BIGINT NOT NULL DEFAULT 0; -- the first of two consents; decided_* is the last
ALTER TABLE viewing_request ADD COLUMN first_by TEXT NOT NULL DEFAULT '';
ALTER TABLE viewing_request ADD COLUMN first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE viewing_request ADD COLUMN first_words TEXT NOT NULL DEFAULT '';
UPDATE viewing_request SET manner = 'copy' WHERE case_id <> '';
-- +goose StatementBegin
CREATE TRIGGER viewing_request_manner_fixed BEFORE UPDATE ON viewing_request
WHEN NEW.manner <> OLD.manner OR NEW.to_body <> OLD.to_body OR NEW.to_person <> OLD.to_person OR NEW.to_contact <> OLD.to_contact OR NEW.to_basis <> OLD.to_basis
  OR NEW.renews <> OLD.renews OR NEW.quorum <> OLD.quorum OR NEW.second_level <> OLD.second_level
  OR (OLD.first_at <> 0 AND (NEW.first_at <> OLD.first_at OR NEW.first_by <> OLD.first_by))
  OR (NEW.state = 'granted' AND NEW.quorum = 2 AND (NEW.first_by = '' OR NEW.first_by = NEW.decided_by OR NEW.first_by = NEW.viewer_id))
BEGIN SELECT RAISE(ABORT, 'what was asked for and who agreed is never edited'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER viewing_request_manner_fixed;
ALTER TABLE viewing_request DROP COLUMN first_words;
ALTER TABLE viewing_request DROP COLUMN first_name;
ALTER TABLE viewing_request DROP COLUMN first_by;
ALTER TABLE viewing_request DROP COLUMN first_at;
ALTER TABLE viewing_request DROP COLUMN second_level;
ALTER TABLE viewing_request DROP COLUMN quorum;
ALTER TABLE viewing_request DROP COLUMN renews;
ALTER TABLE viewing_request DROP COLUMN to_basis;
ALTER TABLE viewing_request DROP COLUMN to_contact;
ALTER TABLE viewing_request DROP COLUMN to_person;
ALTER TABLE viewing_request DROP COLUMN to_body;
ALTER TABLE viewing_request DROP COLUMN manner;
