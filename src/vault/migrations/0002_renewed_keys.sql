-- A duty or crisis key made after set-up is not pinned on every server: the room's signing half vouches for it.
ALTER TABLE room_keys ADD COLUMN certificate BLOB; -- key by the room's signing half; empty for what was pinned at set-up
