import Storage

/// One connection and the thread that may block on it. Connects when it is first used, and again after the connection was lost.
actor PostgresWorker {
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let address: PostgresAddress
    private let setUp: @Sendable (PostgresConnection) throws -> Void
    private var connection: PostgresConnection?

    init(_ address: PostgresAddress, name: String, setUp: @escaping @Sendable (PostgresConnection) throws -> Void) {
        self.address = address
        self.setUp = setUp
        executor = ThreadExecutor(name: name)
    }

    /// Runs blocking work on the connection; one that broke is closed, and the next use opens another.
    func perform<T: Sendable>(_ meter: PostgresMeter, _ body: @Sendable (PostgresConnection) throws -> T) throws -> T {
        let connection = try open(meter)
        let (trips, statements) = (connection.roundTrips, connection.statements)
        defer {
            meter.ran(statements: connection.statements - statements, roundTrips: connection.roundTrips - trips)
            if connection.isBroken {
                self.connection = nil
                meter.lost()
            }
        }
        return try body(connection)
    }

    /// Closes the connection: it may be in a state that nobody knows.
    func discard() { connection = nil }

    private func open(_ meter: PostgresMeter) throws -> PostgresConnection {
        if let connection { return connection }
        do {
            let opened = try PostgresConnection(address)
            try setUp(opened)
            connection = opened
            meter.connected()
            return opened
        } catch {
            meter.failed()
            throw error
        }
    }
}
