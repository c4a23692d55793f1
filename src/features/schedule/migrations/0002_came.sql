-- Visits that came, by time: the list of sessions without a record looks at a month, whatever the years behind it hold.
CREATE INDEX appointments_came ON appointments (school_id, starts_at) WHERE state = 'came';
