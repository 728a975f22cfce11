-- The project of a request's stamp, by which requests that wait are told apart where projects have shares; NULL: it had ended before that was kept.
ALTER TABLE requests ADD COLUMN project text;
-- Schedulers of the version before do not say it.
CREATE FUNCTION requests_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT s.project INTO NEW.project FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = NEW.buildset;
    RETURN NEW;
END;
$$;
CREATE TRIGGER requests_project BEFORE INSERT ON requests FOR EACH ROW WHEN (NEW.project IS NULL) EXECUTE FUNCTION requests_project();
