-- A counsellor's own day asks for the own drafts, not for those of the whole school.
CREATE INDEX records_unsigned_by_author ON records (school_id, author_id, due_at) WHERE state = 'draft';
