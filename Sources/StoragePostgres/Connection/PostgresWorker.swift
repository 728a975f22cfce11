import Storage

/// One connection and the thread that may block on it. Connects when it is first used, and again after a connection was lost.
actor PostgresWorker {
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated let interrupt = PostgresInterrupt()

    private let address: PostgresAddress
    private let meter: PostgresMeter
    private let setUp: @Sendable (PostgresConnection) throws -> Void
    private var connection: PostgresConnection?
    private var cancel: PostgresCancel?
    /// How many connections had been lost when this one was made.
    private var generation: UInt64 = 0

    init(_ address: PostgresAddress, meter: PostgresMeter, name: String, setUp: @escaping @Sendable (PostgresConnection) throws -> Void) {
        self.address = address
        self.meter = meter
        self.setUp = setUp
        executor = ThreadExecutor(name: name)
    }

    /// Runs blocking work on the connection; one that broke is closed, and the next use opens another.
    ///
    /// - Parameter ticket: by which `interrupt` may end it; 0 for what only the end of the pool may interrupt.
    func perform<T: Sendable>(ticket: UInt64 = 0, _ body: @Sendable (PostgresConnection) throws -> T) throws -> T {
        if ticket != 0 { try Task.checkCancellation() }
        let connection = try open()
        let (trips, statements) = (connection.roundTrips, connection.statements)
        interrupt.begin(ticket, cancel)
        let result = Result { try body(connection) }
        let wasInterrupted = interrupt.end()
        meter.ran(statements: connection.statements - statements, roundTrips: connection.roundTrips - trips)
        if wasInterrupted {
            // The interruption may still be on its way, and would hit the next statement.
            discard()
            if case .failure = result { throw CancellationError() }
        } else if connection.isBroken {
            discard()
            meter.lost()
        } else if connection.isSpoiled {
            discard()
        }
        return try result.get()
    }

    /// Whether the server answers; connects when there is no connection.
    func ping() throws {
        try perform { _ = try $0.run([.init("SELECT 1")]) }
    }

    /// Closes the connection.
    func discard() {
        guard connection != nil else { return }
        connection = nil
        cancel = nil
        meter.closed()
    }

    private func open() throws -> PostgresConnection {
        // When one connection was lost the others are likely to be dead as well.
        if let connection, generation == meter.losses { return connection }
        discard()
        let losses = meter.losses
        do {
            let opened = try PostgresConnection(address)
            meter.opened()
            connection = opened
            cancel = opened.makeCancel()
            generation = losses
            try setUp(opened)
        } catch {
            discard()
            meter.failed(error)
            throw error
        }
        meter.connected()
        guard let connection else { throw PostgresError(sqlState: nil, message: "the connection was closed", isConnectionLost: true) }
        return connection
    }
}
