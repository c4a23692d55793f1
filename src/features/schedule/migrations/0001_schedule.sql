-- Terms, rooms, duty shifts, appointments. Occupancy itself is storage's: it refuses the second booking.

CREATE TABLE terms (
  school_id BLOB NOT NULL,          -- plain: school
  id BLOB NOT NULL,                 -- plain: id
  name TEXT NOT NULL,               -- plain: name
  starts_on INTEGER NOT NULL,       -- plain: first day
  ends_on INTEGER NOT NULL,         -- plain: last day
  version INTEGER NOT NULL,         -- plain: optimistic locking
  PRIMARY KEY (school_id, id),
  CHECK (starts_on <= ends_on)
) STRICT;

CREATE TABLE rooms (
  school_id BLOB NOT NULL,          -- plain: school
  id BLOB NOT NULL,                 -- plain: id
  name TEXT NOT NULL,               -- plain: name
  function TEXT NOT NULL,           -- plain: individual, group, reception, ...
  capacity INTEGER NOT NULL,        -- plain: persons
  version INTEGER NOT NULL,         -- plain: optimistic locking
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, name)
) STRICT;

CREATE TABLE shifts (
  school_id BLOB NOT NULL,          -- plain: school
  id BLOB NOT NULL,                 -- plain: id
  counsellor_id BLOB NOT NULL,      -- plain: staff member on duty
  room_id BLOB NOT NULL,            -- plain: room
  day INTEGER NOT NULL,             -- plain: school day
  starts_at INTEGER NOT NULL,       -- plain: time
  ends_at INTEGER NOT NULL,         -- plain: time
  slot_minutes INTEGER NOT NULL,    -- plain: length of a slot
  version INTEGER NOT NULL,         -- plain: optimistic locking
  PRIMARY KEY (school_id, id),
  CHECK (starts_at < ends_at)
) STRICT;
CREATE INDEX shifts_by_start ON shifts (school_id, starts_at);

-- A person who came to the room: only the keyed pseudonym, and the way back under the school's data key.
CREATE TABLE clients (
  school_id BLOB NOT NULL,          -- plain: school
  ref BLOB NOT NULL,                -- keyed: pseudonym of the person
  person BLOB NOT NULL,             -- protected: the person's id
  PRIMARY KEY (school_id, ref)
) STRICT;

CREATE TABLE appointments (
  school_id BLOB NOT NULL,          -- plain: school
  id BLOB NOT NULL,                 -- plain: random id, without order
  client BLOB NOT NULL,             -- keyed: pseudonym of the client
  counsellor_id BLOB NOT NULL,      -- plain: staff member
  room_id BLOB NOT NULL,            -- plain: room
  shift_id BLOB NOT NULL,           -- plain: shift
  starts_at INTEGER NOT NULL,       -- plain: time
  ends_at INTEGER NOT NULL,         -- plain: time
  state TEXT NOT NULL,              -- plain: booked, cancelled, came, no_show
  walk_in INTEGER NOT NULL,         -- plain: came without booking
  urgent INTEGER NOT NULL,          -- protected: marked urgent, names nobody
  reason_unit BLOB,                 -- plain: id of the erasable unit
  reason BLOB,                      -- sealed: the client's own words, to the duty key
  version INTEGER NOT NULL,         -- plain: optimistic locking
  PRIMARY KEY (school_id, id)
) STRICT;
CREATE INDEX appointments_by_counsellor ON appointments (school_id, counsellor_id, starts_at);
CREATE INDEX appointments_by_client ON appointments (school_id, client, starts_at);
CREATE INDEX appointments_by_shift ON appointments (school_id, shift_id);
