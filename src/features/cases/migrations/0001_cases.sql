-- Cases, one card per client, session records.

CREATE TABLE cases (
  school_id BLOB NOT NULL,        -- plain: school
  id BLOB NOT NULL,               -- plain: random id
  year INTEGER NOT NULL,          -- plain: school year of the number
  serial INTEGER NOT NULL,        -- plain: number within the year, without gaps
  client BLOB NOT NULL,           -- keyed: pseudonym of the client
  counsellor_id BLOB NOT NULL,    -- plain: responsible counsellor
  state TEXT NOT NULL,            -- plain: running, closed
  opened_on INTEGER NOT NULL,     -- plain: day
  version INTEGER NOT NULL,       -- plain: optimistic locking
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, year, serial)
) STRICT;
CREATE UNIQUE INDEX cases_running ON cases (school_id, client) WHERE state = 'running';
CREATE INDEX cases_by_counsellor ON cases (school_id, counsellor_id);

-- One person, one card (SVC-8): kept through every change of class and stage.
CREATE TABLE cards (
  school_id BLOB NOT NULL,        -- plain: school
  client BLOB NOT NULL,           -- keyed: pseudonym of the client
  number INTEGER NOT NULL,        -- plain: running number, says nothing about the person
  opened_on INTEGER NOT NULL,     -- plain: day
  PRIMARY KEY (school_id, client),
  UNIQUE (school_id, number)
) STRICT;

CREATE TABLE records (
  school_id BLOB NOT NULL,        -- plain: school
  id BLOB NOT NULL,               -- plain: random id
  case_id BLOB NOT NULL,          -- plain: case
  unit_id BLOB NOT NULL,          -- plain: erasable unit
  session_number INTEGER NOT NULL, -- plain: number within the case
  session_on INTEGER NOT NULL,    -- plain: day
  appointment_id BLOB,            -- plain: appointment
  author_id BLOB NOT NULL,        -- plain: counsellor who writes it
  state TEXT NOT NULL,            -- plain: draft, signed
  draft BLOB,                     -- sealed: fields as they stand, under the case key
  version INTEGER NOT NULL,       -- plain: rises with every save
  saved_at INTEGER NOT NULL,      -- plain: time of the last save
  due_at INTEGER NOT NULL,        -- plain: when it should be signed (SVC-5)
  signed_at INTEGER,              -- plain: time of the first signature
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, case_id, session_number)
) STRICT;
CREATE INDEX records_unsigned ON records (school_id, due_at) WHERE state = 'draft';
CREATE INDEX records_by_appointment ON records (school_id, appointment_id);

-- Signed versions. Rows are only ever added: an amendment keeps what it amends (SVC-5).
CREATE TABLE record_versions (
  school_id BLOB NOT NULL,        -- plain: school
  record_id BLOB NOT NULL,        -- plain: record
  version INTEGER NOT NULL,       -- plain: 1, 2, ...
  content BLOB NOT NULL,          -- sealed: fields
  amend_reason BLOB,              -- sealed: why it was amended
  signed_by BLOB NOT NULL,        -- plain: counsellor
  signed_at INTEGER NOT NULL,     -- plain: time
  signature BLOB NOT NULL,        -- key: the counsellor's signature over the ciphertext
  PRIMARY KEY (school_id, record_id, version)
) STRICT;

-- A booking's reason, once its case is open: under the case key, no longer under the duty key.
CREATE TABLE case_reasons (
  school_id BLOB NOT NULL,        -- plain: school
  appointment_id BLOB NOT NULL,   -- plain: appointment
  case_id BLOB NOT NULL,          -- plain: case
  unit_id BLOB NOT NULL,          -- plain: erasable unit
  content BLOB NOT NULL,          -- sealed: the client's own words
  PRIMARY KEY (school_id, appointment_id)
) STRICT;

-- @sqlite
CREATE TRIGGER record_versions_keep BEFORE UPDATE OF content, amend_reason, signed_by, signed_at, signature ON record_versions
BEGIN SELECT RAISE(ABORT, 'signed versions never change'); END;
-- @postgresql
CREATE FUNCTION record_versions_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'signed versions never change'; END $$;
CREATE TRIGGER record_versions_keep BEFORE UPDATE ON record_versions FOR EACH ROW EXECUTE FUNCTION record_versions_keep();
-- @end
