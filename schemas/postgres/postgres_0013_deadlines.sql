-- When a request ends unless a build of it has begun, as its builder said when it was made; NULL: never.
ALTER TABLE requests ADD COLUMN deadline bigint;
