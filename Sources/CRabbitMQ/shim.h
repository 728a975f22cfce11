// librabbitmq as Swift sees it.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <string.h>
#include <sys/time.h>

static inline amqp_field_value_t crabbitmq_flag(void) {
    amqp_field_value_t value;
    memset(&value, 0, sizeof value);
    value.kind = AMQP_FIELD_KIND_BOOLEAN;
    value.value.boolean = 1;
    return value;
}

static inline amqp_field_value_t crabbitmq_text(amqp_bytes_t bytes) {
    amqp_field_value_t value;
    memset(&value, 0, sizeof value);
    value.kind = AMQP_FIELD_KIND_UTF8;
    value.value.bytes = bytes;
    return value;
}

static inline amqp_field_value_t crabbitmq_number(int64_t number) {
    amqp_field_value_t value;
    memset(&value, 0, sizeof value);
    value.kind = AMQP_FIELD_KIND_I64;
    value.value.i64 = number;
    return value;
}

// Logs in, which is variadic and so out of Swift's reach, and tells the broker what this client understands: without these capabilities it sends
// no connection.blocked, no consumer cancel, and closes the socket instead of naming a wrong password.
// With a user it is SASL PLAIN; without one EXTERNAL, where the certificate names the user.
static inline amqp_rpc_reply_t crabbitmq_login(
    amqp_connection_state_t connection, const char *virtual_host, int frame_max, int heartbeat, const char *connection_name, const char *user,
    const char *password) {
    static const char *const names[] = {
        "connection.blocked", "consumer_cancel_notify", "publisher_confirms", "basic.nack", "authentication_failure_close",
    };
    enum { count = sizeof names / sizeof names[0] };
    amqp_table_entry_t capabilities[count];
    for (int i = 0; i < count; i++) {
        capabilities[i].key = amqp_cstring_bytes(names[i]);
        capabilities[i].value = crabbitmq_flag();
    }
    amqp_table_entry_t properties[2];
    memset(properties, 0, sizeof properties);
    properties[0].key = amqp_cstring_bytes("capabilities");
    properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[0].value.value.table.num_entries = count;
    properties[0].value.value.table.entries = capabilities;
    properties[1].key = amqp_cstring_bytes("connection_name");
    properties[1].value = crabbitmq_text(amqp_cstring_bytes(connection_name));
    amqp_table_t table = {2, properties};
    if (user)
        return amqp_login_with_properties(
            connection, virtual_host, 0, frame_max, heartbeat, &table, AMQP_SASL_METHOD_PLAIN, user, password ? password : "");
    // RabbitMQ takes the user from the certificate and ignores this identity; librabbitmq 0.11 takes an empty one for a lack of memory.
    return amqp_login_with_properties(connection, virtual_host, 0, frame_max, heartbeat, &table, AMQP_SASL_METHOD_EXTERNAL, "doorbell");
}
