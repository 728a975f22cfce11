-- The source stamps of a buildset beside its main one, where it is made of several codebases; NULL: of one repository.
ALTER TABLE buildsets ADD COLUMN further TEXT CHECK (further IS NULL OR json_valid(further));
-- What buildsets of several codebases share that are about the same branches.
ALTER TABLE buildsets ADD COLUMN line TEXT;
-- The newest change of a repository's branch up to another change.
CREATE INDEX changes_codebase ON changes (repository, branch, id);
