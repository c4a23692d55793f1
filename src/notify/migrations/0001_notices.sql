-- Notices, what leaves the house, events to browsers, and how each person and the school want to be told.

CREATE TABLE notices (
  school_id BLOB NOT NULL,              -- plain: school
  id BLOB NOT NULL,                     -- plain: id without order
  key BLOB NOT NULL,                    -- keyed: pseudonym of event, step and recipient; nothing is posted twice
  owner BLOB NOT NULL,                  -- keyed: pseudonym of the recipient
  sealed BLOB NOT NULL,                 -- protected: kind and time
  posted_at INTEGER NOT NULL,           -- plain: time
  read_at INTEGER,                      -- plain: time
  repeats INTEGER NOT NULL DEFAULT 0,   -- plain: how often it was posted again, to no effect
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, key)
) STRICT;
CREATE INDEX notices_by_owner ON notices (school_id, owner, posted_at);
CREATE INDEX notices_by_time ON notices (school_id, posted_at);

CREATE TABLE outbox (
  school_id BLOB NOT NULL,              -- plain: school
  id BLOB NOT NULL,                     -- plain: id without order
  key BLOB NOT NULL,                    -- keyed: pseudonym of event, step, channel and where to; nothing is sent for it twice
  channel TEXT NOT NULL,                -- plain: mail, hook
  sealed BLOB NOT NULL,                 -- protected: pseudonym of the recipient, or which hook, and the sentence
  urgent INTEGER NOT NULL,              -- plain: waits for no quiet hours
  state TEXT NOT NULL,                  -- plain: waiting, sending, sent, refused, given_up, dropped
  tries INTEGER NOT NULL DEFAULT 0,     -- plain: how many
  fence INTEGER NOT NULL DEFAULT 0,     -- plain: number of the lease under which the last try began
  repeat INTEGER NOT NULL DEFAULT 0,    -- plain: may have been sent before
  posted_at INTEGER NOT NULL,           -- plain: time
  due_at INTEGER NOT NULL,              -- plain: time of the next try
  ended_at INTEGER,                     -- plain: time
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, key)
) STRICT;
CREATE INDEX outbox_due ON outbox (school_id, state, due_at);
CREATE INDEX outbox_ended ON outbox (school_id, ended_at);

CREATE TABLE outbox_tries (
  school_id BLOB NOT NULL,              -- plain: school
  message BLOB NOT NULL,                -- plain: id in the outbox
  number INTEGER NOT NULL,              -- plain: from 1
  at INTEGER NOT NULL,                  -- plain: time
  outcome TEXT NOT NULL,                -- plain: started, sent, refused, busy, …
  reply INTEGER NOT NULL DEFAULT 0,     -- plain: the other server's number
  PRIMARY KEY (school_id, message, number)
) STRICT;

CREATE TABLE browser_events (
  school_id BLOB NOT NULL,              -- plain: school
  position INTEGER NOT NULL,            -- plain: rises by one in the school; never leaves the server
  owner BLOB NOT NULL,                  -- keyed: pseudonym of the recipient, as in notices
  number INTEGER NOT NULL,              -- plain: rises by one for the recipient; where a stream goes on
  kind TEXT NOT NULL,                   -- plain: notice, notices_read
  object BLOB,                          -- plain: id of the notice
  at INTEGER NOT NULL,                  -- plain: time
  PRIMARY KEY (school_id, position),
  UNIQUE (school_id, owner, number)
) STRICT;

CREATE TABLE own_channels (
  school_id BLOB NOT NULL,              -- plain: school
  owner BLOB NOT NULL,                  -- keyed: pseudonym of the person
  address BLOB NOT NULL,                -- protected: mail address
  chosen_at INTEGER NOT NULL,           -- plain: time
  refused_at INTEGER,                   -- plain: time at which a mail came back
  PRIMARY KEY (school_id, owner)
) STRICT;

CREATE TABLE mail_settings (
  school_id BLOB NOT NULL PRIMARY KEY,  -- plain: school
  sealed BLOB NOT NULL,                 -- protected: server, login, sender
  enabled INTEGER NOT NULL,             -- plain: in use
  version INTEGER NOT NULL,             -- plain: optimistic locking
  changed_at INTEGER NOT NULL           -- plain: time
) STRICT;

CREATE TABLE hooks (
  school_id BLOB NOT NULL,              -- plain: school
  id BLOB NOT NULL,                     -- plain: id
  sealed BLOB NOT NULL,                 -- protected: kind, name, address, secret
  urgent_only INTEGER NOT NULL,         -- plain: rings for urgent notices alone
  created_at INTEGER NOT NULL,          -- plain: time
  PRIMARY KEY (school_id, id)
) STRICT;

CREATE TABLE quiet_hours (
  school_id BLOB NOT NULL,              -- plain: school
  channel TEXT NOT NULL,                -- plain: mail, hook
  quiet_from INTEGER NOT NULL,          -- plain: minute of the school's day
  quiet_until INTEGER NOT NULL,         -- plain: minute of the school's day
  PRIMARY KEY (school_id, channel)
) STRICT;
