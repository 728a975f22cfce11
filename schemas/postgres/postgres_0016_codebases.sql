-- The source stamps of a buildset beside its main one, where it is made of several codebases; NULL: of one repository.
ALTER TABLE buildsets ADD COLUMN further json;
-- What buildsets of several codebases share that are about the same branches.
ALTER TABLE buildsets ADD COLUMN line text;
