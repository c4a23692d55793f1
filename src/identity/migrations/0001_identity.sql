-- Schools, accounts, sessions, declarations.

CREATE TABLE schools (
  id BLOB NOT NULL PRIMARY KEY,               -- plain: id
  code TEXT NOT NULL UNIQUE,                  -- plain: short name for signing in where several schools share a server
  name TEXT NOT NULL,                         -- plain: name
  stages TEXT NOT NULL,                       -- plain: primary,junior,senior
  zone TEXT NOT NULL,                         -- plain: tz database name
  demo INTEGER NOT NULL DEFAULT 0,            -- plain: demonstration school
  state TEXT NOT NULL,                        -- plain: starting, open
  help_place TEXT NOT NULL DEFAULT '',        -- plain: where help is, shown without signing in
  help_hours TEXT NOT NULL DEFAULT '',        -- plain: when somebody is there
  help_people TEXT NOT NULL DEFAULT '',       -- plain: who can be asked
  created_at INTEGER NOT NULL                 -- plain: time
) STRICT;

CREATE TABLE accounts (
  school_id BLOB NOT NULL,                    -- plain: school
  person_id BLOB NOT NULL,                    -- plain: person
  username TEXT NOT NULL,                     -- plain: account name
  name TEXT NOT NULL,                         -- plain: name as shown
  gender TEXT NOT NULL DEFAULT '',            -- plain: female, male or empty; clients may choose
  roles TEXT NOT NULL,                        -- plain: roles joined by commas
  state TEXT NOT NULL,                        -- plain: invited, active, disabled
  salt BLOB NOT NULL,                         -- key: Argon2id salt
  cost TEXT NOT NULL,                         -- plain: Argon2id cost, e.g. 64x3
  verifier BLOB,                              -- key: password verifier; empty until the first sign-in
  totp BLOB,                                  -- protected: shared secret of the authenticator
  totp_confirmed INTEGER NOT NULL DEFAULT 0,  -- plain: second factor in force
  totp_last_step INTEGER NOT NULL DEFAULT 0,  -- plain: last time step used; a code works once
  start_verifier BLOB,                        -- key: verifier of the one-time start secret
  start_expires_at INTEGER,                   -- plain: its end
  role_stamp INTEGER NOT NULL DEFAULT 1,      -- plain: rises when roles or state change; sessions carry it
  version INTEGER NOT NULL DEFAULT 1,         -- plain: optimistic locking
  created_at INTEGER NOT NULL,                -- plain: time
  PRIMARY KEY (school_id, person_id),
  UNIQUE (school_id, username)
) STRICT;

CREATE TABLE sessions (
  school_id BLOB NOT NULL,                    -- plain: school
  lookup BLOB NOT NULL,                       -- key: derived from the cookie's token
  owner BLOB NOT NULL,                        -- keyed: pseudonym of the person, to end a person's sessions
  sealed BLOB NOT NULL,                       -- key: person, secret and stamp, under a key that only the cookie yields
  totp_done INTEGER NOT NULL,                 -- plain: second factor shown
  idle_ends_at INTEGER NOT NULL,              -- plain: time
  ends_at INTEGER NOT NULL,                   -- plain: time
  PRIMARY KEY (school_id, lookup)
) STRICT;
CREATE INDEX sessions_by_owner ON sessions (school_id, owner);
CREATE INDEX sessions_by_end ON sessions (school_id, ends_at);

CREATE TABLE sign_in_failures (
  school_id BLOB NOT NULL,                    -- plain: school
  subject BLOB NOT NULL,                      -- keyed: pseudonym of account name and peer address
  known INTEGER NOT NULL,                     -- plain: the account has signed in from there before
  tries INTEGER NOT NULL,                     -- plain: failures in a row
  last_at INTEGER NOT NULL,                   -- plain: time of the last
  PRIMARY KEY (school_id, subject)
) STRICT;

CREATE TABLE declarations (
  school_id BLOB NOT NULL,                    -- plain: school
  id BLOB NOT NULL,                           -- plain: id
  kind TEXT NOT NULL,                         -- plain: ethics_pledge
  version INTEGER NOT NULL,                   -- plain: rises by one
  title_zh TEXT NOT NULL,                     -- plain: title
  title_en TEXT NOT NULL,                     -- plain: title
  text_zh TEXT NOT NULL,                      -- plain: text
  text_en TEXT NOT NULL,                      -- plain: text
  published_at INTEGER NOT NULL,              -- plain: time
  published_by BLOB,                          -- plain: staff member; empty for the text the product brings
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, kind, version)
) STRICT;

CREATE TABLE acknowledgements (
  school_id BLOB NOT NULL,                    -- plain: school
  declaration_id BLOB NOT NULL,               -- plain: declaration
  person_id BLOB NOT NULL,                    -- plain: staff member
  at INTEGER NOT NULL,                        -- plain: time
  PRIMARY KEY (school_id, declaration_id, person_id)
) STRICT;
