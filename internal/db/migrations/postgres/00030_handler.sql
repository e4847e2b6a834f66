-- +goose Up
-- Handlers of an open case look at its recordings without asking each time, where the bureau has chosen so (第二十三条): a look of theirs names
-- the case.
ALTER TABLE viewing_look ADD COLUMN case_id TEXT NOT NULL DEFAULT ''; -- the open case whose handler looks; '' else
ALTER TABLE viewing_look DROP CONSTRAINT viewing_look_ground_check;
ALTER TABLE viewing_look ADD CONSTRAINT viewing_look_ground_check CHECK (ground IN ('consent', 'own', 'handler'));
ALTER TABLE viewing_look ADD CONSTRAINT viewing_look_case_check CHECK (ground <> 'handler' OR case_id <> '');
CREATE TRIGGER viewing_look_case_fixed BEFORE UPDATE ON viewing_look FOR EACH ROW
WHEN (NEW.case_id <> OLD.case_id)
EXECUTE FUNCTION recording_forbid('a look is never edited');

-- +goose Down
-- Looks on this ground have no place in the older form; a bureau that has any cannot go back.
DROP TRIGGER viewing_look_case_fixed ON viewing_look;
ALTER TABLE viewing_look DROP CONSTRAINT viewing_look_case_check;
ALTER TABLE viewing_look DROP CONSTRAINT viewing_look_ground_check;
ALTER TABLE viewing_look ADD CONSTRAINT viewing_look_ground_check CHECK (ground IN ('consent', 'own'));
ALTER TABLE viewing_look DROP COLUMN case_id;
