-- Who can only write to the database puts no account on the sign-in page, beside whose name the second factor would stand.
ALTER TABLE demo_accounts ADD COLUMN mac BLOB;  -- keyed: authenticator of the row
