-- The roster: who is who, as the school's own systems say. Being on it says nothing about being a client.

CREATE TABLE school_years (
  school_id BLOB NOT NULL,                    -- plain: school
  start_year INTEGER NOT NULL,                -- plain: the year in which it starts, 2026 for 2026-2027
  source_id TEXT,                             -- plain: sourcedId in the school's system
  name TEXT NOT NULL,                         -- plain: name
  starts_on INTEGER NOT NULL,                 -- plain: first day
  ends_on INTEGER NOT NULL,                   -- plain: last day
  PRIMARY KEY (school_id, start_year)
) STRICT;

CREATE TABLE persons (
  school_id BLOB NOT NULL,                    -- plain: school
  id BLOB NOT NULL,                           -- plain: id
  kind TEXT NOT NULL,                         -- plain: student, guardian, staff
  name TEXT NOT NULL,                         -- plain: name
  sort_name TEXT NOT NULL,                    -- plain: pinyin and name, the order of lists
  search TEXT NOT NULL,                       -- plain: name, pinyin, initials, student number; empty for guardians
  gender TEXT NOT NULL,                       -- plain: unknown, male, female
  active INTEGER NOT NULL,                    -- plain: 0 after leaving the school
  source_id TEXT,                             -- plain: sourcedId in the school's system
  username TEXT,                              -- plain: account name wished by that system
  enabled INTEGER NOT NULL,                   -- plain: that system lets the account be used
  version INTEGER NOT NULL,                   -- plain: rises with each change
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, source_id),
  UNIQUE (school_id, username)
) STRICT;
CREATE INDEX persons_by_name ON persons (school_id, kind, sort_name, id);

CREATE TABLE classes (
  school_id BLOB NOT NULL,                    -- plain: school
  id BLOB NOT NULL,                           -- plain: id
  source_id TEXT,                             -- plain: sourcedId in the school's system
  name TEXT NOT NULL,                         -- plain: name
  grade INTEGER,                              -- plain: 1 to 12
  stage TEXT,                                 -- plain: primary, junior, senior
  start_year INTEGER NOT NULL,                -- plain: school year
  homeroom_teacher BLOB,                      -- plain: person, member of staff
  PRIMARY KEY (school_id, id),
  UNIQUE (school_id, source_id)
) STRICT;
CREATE INDEX classes_by_year ON classes (school_id, start_year, grade);
CREATE INDEX classes_by_teacher ON classes (school_id, homeroom_teacher);

CREATE TABLE students (
  school_id BLOB NOT NULL,                    -- plain: school
  person_id BLOB NOT NULL,                    -- plain: person
  student_number TEXT,                        -- plain: number given by the school
  grade INTEGER,                              -- plain: 1 to 12
  class_id BLOB,                              -- plain: present class
  birth_date INTEGER,                         -- plain: day
  nationality TEXT,                           -- plain: ethnic group
  boarder INTEGER,                            -- plain: lives at the school
  entered_year INTEGER,                       -- plain: year of entry
  identity_number BLOB,                       -- protected: only when the school's setting is on
  national_number BLOB,                       -- protected: only when the school's setting is on
  PRIMARY KEY (school_id, person_id),
  UNIQUE (school_id, student_number)
) STRICT;
CREATE INDEX students_by_class ON students (school_id, class_id);

CREATE TABLE guardians (
  school_id BLOB NOT NULL,                    -- plain: school
  student_id BLOB NOT NULL,                   -- plain: person, student
  guardian_id BLOB NOT NULL,                  -- plain: person, guardian
  relation TEXT NOT NULL,                     -- plain: father, mother, guardian …
  phone BLOB,                                 -- protected: telephone number
  PRIMARY KEY (school_id, student_id, guardian_id)
) STRICT;
CREATE INDEX guardians_by_guardian ON guardians (school_id, guardian_id);

-- Stays in classes: one person keeps one file through every move (一人一卡).
CREATE TABLE enrolments (
  school_id BLOB NOT NULL,                    -- plain: school
  id BLOB NOT NULL,                           -- plain: id
  person_id BLOB NOT NULL,                    -- plain: person, student
  class_id BLOB NOT NULL,                     -- plain: class
  from_on INTEGER NOT NULL,                   -- plain: first day
  to_on INTEGER,                              -- plain: last day; empty for the present one
  PRIMARY KEY (school_id, id)
) STRICT;
CREATE INDEX enrolments_by_person ON enrolments (school_id, person_id, from_on);

CREATE TABLE roster_settings (
  school_id BLOB NOT NULL PRIMARY KEY,        -- plain: school
  keep_identity_numbers INTEGER NOT NULL,     -- plain: identity numbers may be kept, protected
  stamp INTEGER NOT NULL                      -- plain: rises with each change of the roster
) STRICT;

-- Files waiting to be previewed and imported; the bytes lie in the data folder and go with the import or after an hour.
CREATE TABLE roster_uploads (
  school_id BLOB NOT NULL,                    -- plain: school
  id BLOB NOT NULL,                           -- plain: id, the file's name in the data folder
  owner BLOB NOT NULL,                        -- plain: person who uploaded it
  name TEXT NOT NULL,                         -- plain: the file's name as uploaded
  bytes INTEGER NOT NULL,                     -- plain: size
  uploaded_at INTEGER NOT NULL,               -- plain: time
  report TEXT,                                -- plain: what the import did; roster values only
  PRIMARY KEY (school_id, id)
) STRICT;
