-- Who or what is taken for a span of time: a counsellor, a room, a client. The database itself refuses an overlap of two
-- spans of one resource, whatever the program does (trust: transactions, occupancy). Spans hold their start and not their
-- end, so one may begin where another ends. Cancelling deletes the rows; moving deletes and inserts in one transaction.
CREATE TABLE occupancy (
  school_id BLOB NOT NULL,       -- plain: the school
  resource BLOB NOT NULL,        -- keyed: pseudonym of the counsellor, room or client that is taken (16 bytes)
  starts_at INTEGER NOT NULL,    -- plain: microseconds UTC, first instant taken
  ends_at INTEGER NOT NULL,      -- plain: microseconds UTC, first instant free again
  holder BLOB NOT NULL,          -- keyed: what takes it, such as the appointment's id (16 bytes)
  kind TEXT NOT NULL,            -- plain: what sort of thing the resource is
  expires_at INTEGER,            -- plain: microseconds UTC, when a hold lapses; null for what is booked
-- @sqlite
  PRIMARY KEY (school_id, resource, starts_at),
-- @end
  -- At most twelve hours: so the spans that can overlap a new one begin close to it, and the rule below looks at few rows.
  CHECK (ends_at > starts_at AND ends_at - starts_at <= 43200000000),
  CHECK (length(resource) = 16 AND length(holder) = 16)
) STRICT, WITHOUT ROWID;

CREATE INDEX occupancy_of_holder ON occupancy (school_id, holder);
CREATE INDEX occupancy_lapses ON occupancy (school_id, resource, expires_at) WHERE expires_at IS NOT NULL;

-- @sqlite
CREATE TRIGGER occupancy_insert BEFORE INSERT ON occupancy
WHEN NEW.ends_at - NEW.starts_at BETWEEN 1 AND 43200000000 AND EXISTS (SELECT 1 FROM occupancy
             WHERE school_id = NEW.school_id AND resource = NEW.resource
               AND starts_at > NEW.starts_at - 43200000000 AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at)
BEGIN
  SELECT RAISE(ABORT, 'occupied');
END;

CREATE TRIGGER occupancy_update BEFORE UPDATE OF school_id, resource, starts_at, ends_at ON occupancy
WHEN NEW.ends_at - NEW.starts_at BETWEEN 1 AND 43200000000 AND EXISTS (SELECT 1 FROM occupancy
             WHERE school_id = NEW.school_id AND resource = NEW.resource
               AND starts_at > NEW.starts_at - 43200000000 AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
               AND NOT (school_id = OLD.school_id AND resource = OLD.resource AND starts_at = OLD.starts_at))
BEGIN
  SELECT RAISE(ABORT, 'occupied');
END;
-- @postgresql
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE occupancy ADD CONSTRAINT occupancy_no_overlap
  EXCLUDE USING gist (school_id WITH =, resource WITH =, int8range(starts_at, ends_at) WITH &&);
-- @end
