-- Accounts that the sign-in page of a demonstration school shows. Empty in a real school.
CREATE TABLE demo_accounts (
  school_id BLOB NOT NULL,   -- plain: school
  position INTEGER NOT NULL, -- plain: order on the page
  person_id BLOB NOT NULL,   -- plain: person
  PRIMARY KEY (school_id, position)
) STRICT;
