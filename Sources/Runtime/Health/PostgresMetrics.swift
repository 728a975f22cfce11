import StoragePostgres

/// The pool of connections to PostgreSQL, in figures.
struct PostgresMetrics {
    var statistics: PostgresStatistics

    func add(to text: inout PrometheusText) {
        text.add("sql_statements_total", .counter, "SQL statements run.", statistics.statements)
        text.add("sql_round_trips_total", .counter, "Waits for the database.", statistics.roundTrips)
        text.add("sql_transactions_total", .counter, "Transactions that were begun.", statistics.transactions)
        text.add("sql_retries_total", .counter, "Transactions that were run again.", statistics.retries)
        text.add("pool_busy", .gauge, "Connections in use.", statistics.busy)
        text.add("pool_waiting", .gauge, "Callers that wait for a connection.", statistics.waiting)
        text.add("pool_connects_total", .counter, "Connections that were made.", statistics.connects)
        text.add("pool_connect_failures_total", .counter, "Connections that could not be made.", statistics.connectFailures)
        text.add("pool_connections_lost_total", .counter, "Connections that broke.", statistics.connectionsLost)
        text.add("database_away", .gauge, "1 while the database is away.", statistics.isAway ? 1 : 0)
    }
}
