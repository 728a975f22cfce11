-- Those that wait or run already; index: requests_open.
UPDATE requests SET project = s.project FROM buildsets b, source_stamps s
WHERE requests.phase <> 'finished' AND requests.project IS NULL AND b.id = requests.buildset AND s.id = b.stamp;
