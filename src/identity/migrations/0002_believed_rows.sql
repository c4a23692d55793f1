-- Rows in which the program believes carry an authenticator under the school's data key: whoever can only write to the
-- database makes none. Rows of accounts that are there already get theirs from the program, once; sessions begin anew.
ALTER TABLE accounts ADD COLUMN mac BLOB;                                     -- keyed: authenticator of the row
ALTER TABLE accounts ADD COLUMN totp_ahead_step INTEGER NOT NULL DEFAULT 0;   -- plain: highest time step used while the clock was ahead of the present one
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN mac BLOB;                                     -- keyed: authenticator of the row
