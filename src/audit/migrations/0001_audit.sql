-- One row per event. The leaf's bytes are re-encoded from these columns whenever they are needed.
CREATE TABLE audit_events (
  school_id BLOB NOT NULL,       -- plain the school
  number INTEGER NOT NULL,       -- plain leaf number, from 0 without gaps
  at INTEGER NOT NULL,           -- plain microseconds UTC
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('staff', 'client', 'system', 'operator', 'anonymous')), -- plain who acted
  actor_person BLOB,             -- plain person id, only of staff
  actor_client BLOB,             -- keyed client_ref, only of clients
  act TEXT NOT NULL,             -- plain catalogued code
  object_kind TEXT NOT NULL,     -- plain what kind of thing
  object_id BLOB NOT NULL,       -- plain its id (random, or a pseudonym)
  about BLOB,                    -- keyed client_ref of the file's subject
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')), -- plain
  why_hash BLOB,                 -- keyed salted hash of the reason
  why_sealed BLOB,               -- sealed the reason itself; may be erased, the leaf holds only its hash
  content BLOB,                  -- plain hash of the ciphertext that the event wrote
  leaf BLOB NOT NULL,            -- plain leaf hash when it was written; lets a verifier name the changed row
  PRIMARY KEY (school_id, number),
  CHECK ((actor_kind = 'staff') = (actor_person IS NOT NULL)),
  CHECK ((actor_kind = 'client') = (actor_client IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_about ON audit_events (school_id, about, number);

-- Roots of complete subtrees of 256, 65536, … leaves, so that proofs and heads need not read the whole log.
CREATE TABLE audit_nodes (
  school_id BLOB NOT NULL,       -- plain the school
  level INTEGER NOT NULL,        -- plain 8, 16, 24, …: the subtree has 2^level leaves
  position INTEGER NOT NULL,     -- plain counted from 0 within the level
  hash BLOB NOT NULL,            -- plain
  PRIMARY KEY (school_id, level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
  school_id BLOB NOT NULL,       -- plain the school
  size INTEGER NOT NULL,         -- plain leaves covered
  root BLOB NOT NULL,            -- plain
  at INTEGER NOT NULL,           -- plain microseconds UTC
  signature BLOB NOT NULL,       -- plain by the log key
  copied_at INTEGER,             -- plain when it left the machine
  PRIMARY KEY (school_id, size)
) STRICT, WITHOUT ROWID;

-- Roots of the complete subtrees that make up the newest head; the next head grows from here.
CREATE TABLE audit_frontier (
  school_id BLOB NOT NULL PRIMARY KEY, -- plain the school
  size INTEGER NOT NULL,         -- plain of the newest head
  peaks BLOB NOT NULL            -- plain 32 bytes each, largest subtree first
) STRICT, WITHOUT ROWID;
