-- Which process does which periodic work of a school. One row for each kind of work, made when it is first done.
CREATE TABLE leases (
  school_id BLOB NOT NULL,       -- plain: school
  job TEXT NOT NULL,             -- plain: which work, e.g. sealer
  holder BLOB NOT NULL,          -- plain: random id of a server process, new at each start
  fence INTEGER NOT NULL,        -- plain: rises whenever the work changes hands or its lease has lapsed; never falls
  ends_at INTEGER NOT NULL,      -- plain: when it lapses, by the database's clock
  PRIMARY KEY (school_id, job)
) STRICT, WITHOUT ROWID;
