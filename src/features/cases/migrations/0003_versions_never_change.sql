-- No column of a signed version changes, its number and its record included (SVC-5).
-- @sqlite
DROP TRIGGER record_versions_keep;
CREATE TRIGGER record_versions_keep BEFORE UPDATE ON record_versions
BEGIN SELECT RAISE(ABORT, 'signed versions never change'); END;
-- @postgresql
COMMENT ON TRIGGER record_versions_keep ON record_versions IS 'signed versions never change';
-- @end
