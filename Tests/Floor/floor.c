// The least that Doorbell's work can take on this machine: the same commits, rings and confirmed events by bare libpq and librabbitmq.
//   doorbell-floor latency DATABASE_URL BROKER_HOST BROKER_PORT TIMES
//       one row committed, a ring through the broker, the row claimed: the milliseconds of each, one a line
//   doorbell-floor lifecycle DATABASE_URL BROKER_HOST BROKER_PORT BUILDS BATCH
//       builds from change to end in batches, four commits and ten confirmed events each: builds a second
//   doorbell-floor publish BROKER_HOST BROKER_PORT EVENTS
//       confirmed events a second
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const exchange = "floor.events";
static const char *const queue = "floor.rings";
static const int window = 2000;
static const int events_of_build = 10;
// As long as an event of Doorbell's is in the middle.
static char payload[401];

static void fail(const char *what, const char *why) {
    fprintf(stderr, "doorbell-floor: %s: %s\n", what, why);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != 0 || value < 1 || value > 100000000) fail(text, "no number from 1 to 100,000,000");
    return value;
}

// MARK: the database

static PGconn *database(const char *url) {
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) fail("the database", PQerrorMessage(connection));
    return connection;
}

static int run(PGconn *connection, const char *statement) {
    PGresult *result = PQexec(connection, statement);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(statement, PQerrorMessage(connection));
    int rows = PQntuples(result);
    PQclear(result);
    return rows;
}

static void prepare(PGconn *connection, const char *name, const char *statement) {
    PGresult *result = PQprepare(connection, name, statement, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(statement, PQerrorMessage(connection));
    PQclear(result);
}

// Several prepared statements as one transaction, sent together: one round trip, one commit.
static void transaction(PGconn *connection, const char *const *names, int count, const char *first, const char *last) {
    const char *values[] = {first, last};
    for (int i = 0; i < count; i++)
        if (!PQsendQueryPrepared(connection, names[i], 2, values, NULL, NULL, 0)) fail(names[i], PQerrorMessage(connection));
    if (!PQpipelineSync(connection)) fail("sync", PQerrorMessage(connection));
    for (int i = 0; i < count; i++) {
        PGresult *result = PQgetResult(connection);
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(names[i], PQerrorMessage(connection));
        PQclear(result);
        PQclear(PQgetResult(connection));
    }
    PQclear(PQgetResult(connection));
}

static void make_tables(PGconn *connection) {
    run(connection, "DROP SCHEMA IF EXISTS floor CASCADE");
    run(connection, "CREATE SCHEMA floor");
    run(connection, "CREATE TABLE floor.changes (id bigint PRIMARY KEY, revision text NOT NULL, comments text NOT NULL)");
    run(connection, "CREATE TABLE floor.buildsets (id bigint PRIMARY KEY, change bigint NOT NULL, outcome text)");
    run(connection, "CREATE TABLE floor.requests (id bigint PRIMARY KEY, buildset bigint NOT NULL, phase text NOT NULL, outcome text)");
    run(connection, "CREATE INDEX requests_pending ON floor.requests (id) WHERE phase = 'pending'");
    run(connection, "CREATE TABLE floor.builds (id bigint PRIMARY KEY, request bigint NOT NULL, fence bigint NOT NULL, outcome text)");
    run(connection, "CREATE TABLE floor.outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, body text NOT NULL)");
}

// MARK: the broker

static amqp_connection_state_t broker(const char *host, const char *port) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, host, (int)number(port))) fail("the broker", "no connection");
    amqp_rpc_reply_t reply = amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail("the broker", "no login");
    amqp_channel_open(connection, 1);
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail("the broker", "no channel");
    return connection;
}

static void publish(amqp_connection_state_t connection, const char *to, const char *key, const char *body, size_t length, int is_durable) {
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = is_durable ? 2 : 1};
    amqp_bytes_t bytes = {.len = length, .bytes = (void *)body};
    if (amqp_basic_publish(connection, 1, amqp_cstring_bytes(to), amqp_cstring_bytes(key), 0, 0, &properties, bytes))
        fail("publishing", "the broker takes nothing");
}

// Publishes so many events and waits until each is confirmed.
static void publish_confirmed(amqp_connection_state_t connection, uint64_t *published, uint64_t *confirmed, long count) {
    for (long done = 0; done < count; done++) {
        publish(connection, exchange, "v1.build.finished.floor", payload, sizeof payload - 1, 1);
        *published += 1;
        int is_last = done + 1 == count;
        while (*confirmed + (is_last ? 0 : window) < *published) {
            amqp_maybe_release_buffers(connection);
            amqp_frame_t frame;
            if (amqp_simple_wait_frame(connection, &frame)) fail("confirms", "the broker is gone");
            if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("confirms", "no acknowledgement");
            amqp_basic_ack_t *ack = frame.payload.method.decoded;
            *confirmed = ack->delivery_tag;
        }
    }
}

static amqp_connection_state_t publisher(const char *host, const char *port) {
    amqp_connection_state_t connection = broker(host, port);
    amqp_exchange_declare(connection, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes("topic"), 0, 1, 0, 0, amqp_empty_table);
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail("the broker", "no exchange");
    amqp_confirm_select(connection, 1);
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail("the broker", "no confirms");
    return connection;
}

// MARK: what is measured

static void latency(char **words) {
    long times = number(words[3]);
    PGconn *writer = database(words[0]), *claimer = database(words[0]);
    make_tables(writer);
    prepare(writer, "add", "INSERT INTO floor.requests (id, buildset, phase) VALUES ($1::bigint, $2::bigint, 'pending')");
    prepare(
        claimer, "claim",
        "UPDATE floor.requests SET phase = 'claimed' WHERE id = (SELECT id FROM floor.requests WHERE phase = 'pending' ORDER BY id LIMIT 1 "
        "FOR UPDATE SKIP LOCKED) AND $1::text IS NULL RETURNING id");
    amqp_connection_state_t rings = broker(words[1], words[2]), hears = broker(words[1], words[2]);
    amqp_queue_declare(hears, 1, amqp_cstring_bytes(queue), 0, 0, 1, 1, amqp_empty_table);
    amqp_basic_consume(hears, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 1, 0, amqp_empty_table);
    if (amqp_get_rpc_reply(hears).reply_type != AMQP_RESPONSE_NORMAL) fail("the broker", "no queue");
    for (long i = 1; i <= times; i++) {
        char id[24];
        snprintf(id, sizeof id, "%ld", i);
        const char *values[] = {id, id}, *nothing[] = {NULL};
        double start = now();
        PGresult *added = PQexecPrepared(writer, "add", 2, values, NULL, NULL, 0);
        if (PQresultStatus(added) != PGRES_COMMAND_OK) fail("add", PQerrorMessage(writer));
        publish(rings, "", queue, "", 0, 0);
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(hears);
        if (amqp_consume_message(hears, &envelope, NULL, 0).reply_type != AMQP_RESPONSE_NORMAL) fail("rings", "none came");
        amqp_destroy_envelope(&envelope);
        PGresult *claimed = PQexecPrepared(claimer, "claim", 1, nothing, NULL, NULL, 0);
        if (PQntuples(claimed) != 1) fail("claim", PQerrorMessage(claimer));
        printf("%.4f\n", 1000 * (now() - start));
        PQclear(added);
        PQclear(claimed);
        struct timespec pause = {.tv_nsec = 5000000};
        nanosleep(&pause, NULL);
    }
}

// Between the thread that commits and the one that publishes.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static long committed;
static int is_over;

static void *publish_what_is_committed(void *argument) {
    char **words = argument;
    amqp_connection_state_t connection = publisher(words[0], words[1]);
    uint64_t published = 0, confirmed = 0;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while ((long)published == committed && !is_over) pthread_cond_wait(&more, &mutex);
        long count = committed - (long)published;
        pthread_mutex_unlock(&mutex);
        if (count == 0) return NULL;
        publish_confirmed(connection, &published, &confirmed, count);
    }
}

static void lifecycle(char **words) {
    long builds = number(words[3]), batch = number(words[4]);
    PGconn *connection = database(words[0]);
    make_tables(connection);
#define SERIES "generate_series($1::bigint, $2::bigint) AS i"
#define EVENTS(key) "INSERT INTO floor.outbox (key, body) SELECT '" key "', repeat('x', 400) FROM " SERIES
    prepare(connection, "changes", "INSERT INTO floor.changes SELECT i, md5(i::text), repeat('c', 60) FROM " SERIES);
    prepare(connection, "buildsets", "INSERT INTO floor.buildsets SELECT i, i FROM " SERIES);
    prepare(connection, "requests", "INSERT INTO floor.requests SELECT i, i, 'pending' FROM " SERIES);
    prepare(connection, "claim", "UPDATE floor.requests SET phase = 'claimed' WHERE id BETWEEN $1::bigint AND $2::bigint");
    prepare(connection, "builds", "INSERT INTO floor.builds SELECT i, i, i FROM " SERIES);
    prepare(connection, "end_builds", "UPDATE floor.builds SET outcome = 'success' WHERE id BETWEEN $1::bigint AND $2::bigint");
    prepare(
        connection, "end_requests",
        "UPDATE floor.requests SET phase = 'finished', outcome = 'success' WHERE id BETWEEN $1::bigint AND $2::bigint");
    prepare(connection, "end_buildsets", "UPDATE floor.buildsets SET outcome = 'success' WHERE id BETWEEN $1::bigint AND $2::bigint");
    prepare(connection, "event", EVENTS("v1.build.finished.floor"));
    static const char *const accepted[] = {"changes", "event"};
    static const char *const planned[] = {"buildsets", "requests", "event", "event", "event"};
    static const char *const started[] = {"claim", "builds", "event", "event", "event"};
    static const char *const ended[] = {"end_builds", "end_requests", "end_buildsets", "event", "event", "event"};
    pthread_t thread;
    if (pthread_create(&thread, NULL, publish_what_is_committed, words + 1)) fail("a thread", "none to be had");
    if (!PQenterPipelineMode(connection)) fail("pipeline", PQerrorMessage(connection));
    double start = now();
    for (long first = 1; first <= builds; first += batch) {
        char from[24], to[24];
        long last = first + batch - 1 < builds ? first + batch - 1 : builds;
        snprintf(from, sizeof from, "%ld", first);
        snprintf(to, sizeof to, "%ld", last);
        transaction(connection, accepted, 2, from, to);
        transaction(connection, planned, 5, from, to);
        transaction(connection, started, 5, from, to);
        transaction(connection, ended, 6, from, to);
        pthread_mutex_lock(&mutex);
        committed += events_of_build * (last - first + 1);
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    is_over = 1;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    printf("%.1f\n", (double)builds / (now() - start));
}

static void events(char **words) {
    long count = number(words[2]);
    amqp_connection_state_t connection = publisher(words[0], words[1]);
    uint64_t published = 0, confirmed = 0;
    double start = now();
    publish_confirmed(connection, &published, &confirmed, count);
    printf("%.1f\n", (double)count / (now() - start));
}

int main(int count, char **words) {
    memset(payload, 'x', sizeof payload - 1);
    if (count == 6 && strcmp(words[1], "latency") == 0) latency(words + 2);
    else if (count == 7 && strcmp(words[1], "lifecycle") == 0) lifecycle(words + 2);
    else if (count == 5 && strcmp(words[1], "publish") == 0) events(words + 2);
    else fail("usage", "latency DATABASE_URL HOST PORT TIMES | lifecycle DATABASE_URL HOST PORT BUILDS BATCH | publish HOST PORT EVENTS");
    return 0;
}
