-- When a request ends unless a build of it has begun, as its builder said when it was made; NULL: never.
ALTER TABLE requests ADD COLUMN deadline INTEGER;
CREATE INDEX requests_deadline ON requests (deadline) WHERE deadline IS NOT NULL AND claimed IS NULL AND phase <> 'finished';
