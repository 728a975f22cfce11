-- Roles with least rights, in the database that this is run in. As a superuser, before `doorbell migrate` and after it, and after each later one:
--     psql --single-transaction --set=ON_ERROR_STOP=1 --file=roles.sql doorbell
-- Running it again changes nothing that is right already. No role has a password: give each that logs in one with \password, or a client certificate.
--
-- doorbell_owner    migrates, and owns what migrations make
-- doorbell_service  intake, scheduler, dispatcher, web: reads and writes rows, defines nothing
-- doorbell_relay    the same, and the process that keeps house: makes and drops the partitions of what is dropped and not deleted
-- doorbell_reader   reads what people may see
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['doorbell_owner', 'doorbell_service', 'doorbell_relay', 'doorbell_reader'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role);
        END IF;
    END LOOP;
END $$;

SET client_min_messages = warning;

-- A partition has to belong to whoever owns its table, and a migration changes both.
GRANT doorbell_relay TO doorbell_owner;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO doorbell_owner, doorbell_service, doorbell_relay, doorbell_reader', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO doorbell_service, doorbell_reader;
GRANT USAGE, CREATE ON SCHEMA public TO doorbell_owner, doorbell_relay;

-- What a later migration makes works at once for the services, so that two versions run side by side; this file narrows it when it is run again.
ALTER DEFAULT PRIVILEGES FOR ROLE doorbell_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO doorbell_service, doorbell_relay;
ALTER DEFAULT PRIVILEGES FOR ROLE doorbell_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO doorbell_service, doorbell_relay;

DO $$
DECLARE
    entry record;
BEGIN
    IF to_regclass('public.schema_migrations') IS NULL THEN
        RETURN;
    END IF;

    FOR entry IN
        SELECT c.oid::regclass AS name, c.relkind = 'S' AS is_sequence, pg_get_userbyid(c.relowner) AS present,
            CASE WHEN c.relname ~ '^(outbox|log_chunks|ticks)(_|$)' THEN 'doorbell_relay' ELSE 'doorbell_owner' END AS wanted
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
            -- A sequence of a column goes with its table.
            AND NOT (c.relkind = 'S' AND EXISTS (
                SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')))
    LOOP
        -- Only where it changes something: it locks the table, and services may be at work.
        IF entry.present <> entry.wanted THEN
            EXECUTE format('ALTER %s %s OWNER TO %I', CASE WHEN entry.is_sequence THEN 'SEQUENCE' ELSE 'TABLE' END, entry.name, entry.wanted);
        END IF;
        IF entry.wanted = 'doorbell_owner' AND NOT entry.is_sequence THEN
            EXECUTE format('REVOKE ALL ON %s FROM doorbell_relay', entry.name);
        END IF;
    END LOOP;
    FOR entry IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND pg_get_userbyid(p.proowner) <> 'doorbell_owner' LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO doorbell_owner', entry.name);
    END LOOP;

    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM doorbell_service, doorbell_reader;
    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO doorbell_service, doorbell_relay;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO doorbell_service, doorbell_relay;
    -- Queues, and what is forgotten after a while; history is never deleted row by row.
    GRANT DELETE ON unclassified, quiet_changes, report_keys, idempotency, services TO doorbell_service, doorbell_relay;
    -- What forges delivered is forgotten after a while too; a schema that is older than this file does not have it yet.
    IF to_regclass('public.deliveries') IS NOT NULL THEN
        GRANT DELETE ON deliveries TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.awaited') IS NOT NULL THEN
        GRANT DELETE ON awaited TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.triggered') IS NOT NULL THEN
        GRANT DELETE ON triggered TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.patches') IS NOT NULL THEN
        GRANT DELETE ON patches TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.results') IS NOT NULL THEN
        GRANT DELETE ON results TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.schedules') IS NOT NULL THEN
        GRANT DELETE ON schedules TO doorbell_service, doorbell_relay;
    END IF;
    IF to_regclass('public.mirror_moves') IS NOT NULL THEN
        GRANT DELETE ON mirror_moves TO doorbell_service, doorbell_relay;
    END IF;
    -- Who changed what is added to, and nothing else.
    IF to_regclass('public.audit') IS NOT NULL THEN
        REVOKE UPDATE ON audit FROM doorbell_service, doorbell_relay;
    END IF;
    -- What was sent to subscribers is forgotten after a while, and so are those whom the configuration has no more.
    IF to_regclass('public.sendings') IS NOT NULL THEN
        GRANT DELETE ON subscribers, sendings TO doorbell_relay;
    END IF;
    -- Which schema the database has is the migrator's to say.
    REVOKE INSERT, UPDATE ON schema_migrations FROM doorbell_service, doorbell_relay;
    -- Events are inserted and read; log bytes too. Snapshots are the relay's, and those of whoever reads events.
    REVOKE UPDATE ON outbox, log_chunks, ticks FROM doorbell_service;
    FOR entry IN SELECT inhrelid::regclass AS name FROM pg_inherits
        WHERE inhparent IN ('outbox'::regclass, 'log_chunks'::regclass, 'ticks'::regclass) LOOP
        -- Reached through their table only.
        EXECUTE format('REVOKE ALL ON %s FROM doorbell_service', entry.name);
    END LOOP;

    -- Neither configurations, nor answers to repeats, nor what forges delivered, which may hold what only some may see, nor what a later migration adds
    -- until it is named here.
    GRANT SELECT ON deployment, changes, source_stamps, buildsets, buildset_changes, requests, workers, sessions, builds, steps,
        logs, log_chunks, outbox, shards, ticks, refused_events, services, schema_migrations TO doorbell_reader;
END $$;
