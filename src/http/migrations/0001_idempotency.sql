-- Acts that were done under an Idempotency-Key. No body is kept: a repeat is rendered again under today's rights.
CREATE TABLE idempotency (
  school_id BLOB NOT NULL,        -- plain: school
  principal BLOB NOT NULL,        -- keyed: pseudonym of the person, or of the random key where nobody is signed in
  route TEXT NOT NULL,            -- plain: method and pattern, e.g. POST /api/v1/appointments
  key TEXT NOT NULL,              -- plain: random text from the browser
  request BLOB NOT NULL,          -- keyed: pseudonym of path, query and body
  status INTEGER NOT NULL,        -- plain: HTTP status of the first answer
  object BLOB NOT NULL,           -- plain: id of what the act touched
  version INTEGER NOT NULL,       -- plain: its version after the act
  expires_at INTEGER NOT NULL,    -- plain: 24 hours after the act
  PRIMARY KEY (school_id, principal, route, key)
) STRICT;
CREATE INDEX idempotency_by_end ON idempotency (school_id, expires_at);
