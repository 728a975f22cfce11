/// What every benchmark of a run is given.
struct BenchmarkContext: Sendable {
    /// A short form: less of everything, so that a change's author knows the order of magnitude in two minutes.
    var quick: Bool
    /// Seconds of the idle benchmark.
    var idleSeconds: Int
    var floors: Floors
    /// Of PostgreSQL and RabbitMQ, where the state is there.
    var shared: SharedFloors?
    var backend: Backend
    /// The environment of a server on that backend; a database of its own for each call.
    var environment: @Sendable () async throws -> [String: String]

    /// Starts a server for one benchmark.
    ///
    /// - Parameters:
    ///   - slots: of the embedded worker; 0 runs none.
    ///   - prepare: fills the database before the server that is measured starts; its path is given.
    func server(
        configuration: String, slots: Int, prepare: (@Sendable (String) throws -> Void)? = nil
    ) async throws -> Server {
        try await Server(configuration: configuration, slots: slots, environment: environment(), prepare: prepare)
    }

    /// One of two amounts.
    func amount<Value>(_ full: Value, quick short: Value) -> Value { quick ? short : full }
}
