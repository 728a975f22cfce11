-- The project of a request's stamp, by which requests that wait are told apart where projects have shares; NULL: it had ended before that was kept.
ALTER TABLE requests ADD COLUMN project TEXT;
UPDATE requests SET project = (SELECT s.project FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = requests.buildset)
WHERE phase <> 'finished';
CREATE INDEX requests_project ON requests (match_class, project, priority DESC, id) WHERE phase = 'pending';
