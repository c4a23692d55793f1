-- The school's data key: wrapped by the machine key, and sealed to the room key for recovery.
CREATE TABLE server_keys (
  school_id BLOB NOT NULL,       -- plain the school
  name TEXT NOT NULL CHECK (name IN ('data')), -- plain which key
  wrapped BLOB NOT NULL,         -- key wrapped by the machine key
  recovery BLOB,                 -- key sealed to the room key; empty until the room key exists
  PRIMARY KEY (school_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_keys (
  school_id BLOB NOT NULL,       -- plain the school
  kind TEXT NOT NULL CHECK (kind IN ('room', 'duty', 'crisis')), -- plain
  generation INTEGER NOT NULL,   -- plain from 1
  box_public BLOB NOT NULL,      -- key public half; must equal the pinned one
  sign_public BLOB,              -- key public half of the room key
  PRIMARY KEY (school_id, kind, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_key_wrappings (
  school_id BLOB NOT NULL,       -- plain the school
  kind TEXT NOT NULL,            -- plain
  generation INTEGER NOT NULL,   -- plain
  holder BLOB NOT NULL,          -- plain person id of the member of staff
  sealed BLOB NOT NULL,          -- key seed sealed to the holder
  giver BLOB NOT NULL,           -- plain person id of the member of staff
  signature BLOB NOT NULL,       -- key by the giver
  PRIMARY KEY (school_id, kind, generation, holder),
  FOREIGN KEY (school_id, kind, generation) REFERENCES room_keys (school_id, kind, generation)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_key_wrappings_holder ON room_key_wrappings (school_id, holder);

CREATE TABLE person_keys (
  school_id BLOB NOT NULL,       -- plain the school
  person_id BLOB NOT NULL,       -- plain member of staff
  generation INTEGER NOT NULL,   -- plain from 1
  box_public BLOB NOT NULL,      -- key public half
  sign_public BLOB NOT NULL,     -- key public half
  state TEXT NOT NULL CHECK (state IN ('pending', 'certified', 'retired')), -- plain
  roles TEXT NOT NULL,           -- plain role text under the certificate
  certificate BLOB,              -- key by the room's signing half
  certified_by BLOB,             -- plain person id
  certified_at INTEGER,          -- plain microseconds UTC
  PRIMARY KEY (school_id, person_id, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_secrets (
  school_id BLOB NOT NULL,       -- plain the school
  person_id BLOB NOT NULL,       -- plain member of staff
  generation INTEGER NOT NULL,   -- plain of the person's key
  wrapped BLOB NOT NULL,         -- key seed wrapped by the password's key
  salt BLOB NOT NULL,            -- plain 16 bytes
  cost TEXT NOT NULL,            -- plain Argon2id cost, e.g. 64x3
  PRIMARY KEY (school_id, person_id)
) STRICT, WITHOUT ROWID;

-- The case key sealed to one reader, signed by its giver.
CREATE TABLE grants (
  school_id BLOB NOT NULL,       -- plain the school
  id BLOB NOT NULL,              -- plain
  case_id BLOB NOT NULL,         -- plain
  holder_kind TEXT NOT NULL CHECK (holder_kind IN ('person', 'room', 'crisis')), -- plain
  holder BLOB NOT NULL,          -- plain person id of the member of staff, zero for the room and crisis keys
  generation INTEGER NOT NULL,   -- plain of the holder's key
  sealed BLOB NOT NULL,          -- key case key sealed to the holder
  giver BLOB NOT NULL,           -- plain person id of the member of staff
  signature BLOB NOT NULL,       -- key by the giver
  reason TEXT NOT NULL,          -- plain reason code
  starts_at INTEGER NOT NULL,    -- plain microseconds UTC
  ends_at INTEGER,               -- plain microseconds UTC, under the signature
  ended_at INTEGER,              -- plain microseconds UTC, when it was ended early
  PRIMARY KEY (school_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_case ON grants (school_id, case_id);
CREATE INDEX grants_holder ON grants (school_id, holder);

CREATE TABLE unit_keys (
  school_id BLOB NOT NULL,       -- plain the school
  unit_id BLOB NOT NULL,         -- plain the erasable unit
  wrapped BLOB NOT NULL,         -- key unit secret wrapped by the epoch key
  PRIMARY KEY (school_id, unit_id)
) STRICT, WITHOUT ROWID;
