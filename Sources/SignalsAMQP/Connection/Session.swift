import Foundation
import Logging
import Signals
import Synchronization

/// A thread with one connection: keeps it alive through the list of brokers for ever, and lets its role work on it.
final class Session: Sendable {
    private struct State {
        var isStarted = false
        var isStopping = false
        var result: Result<Void, BrokerError>?
        var waiters: [CheckedContinuation<Void, any Error>] = []
    }

    private let name: String
    private let settings: AMQPSettings
    private let logger: Logger
    private let makeRole: @Sendable (Wakeup) -> any SessionRole
    private let wakeup: Wakeup
    private let state = Mutex(State())
    private let connects = Atomic<Int>(0)

    /// - Parameters:
    ///   - name: names the thread, and the connection in the broker's lists.
    ///   - makeRole: called on the thread.
    init(
        name: String, settings: AMQPSettings, logger: Logger, makeRole: @escaping @Sendable (Wakeup) -> any SessionRole
    ) throws(BrokerError) {
        self.name = name
        self.settings = settings
        self.logger = logger
        self.makeRole = makeRole
        wakeup = try Wakeup()
    }

    /// Connections that were opened, the first included.
    var connectCount: Int { connects.load(ordering: .relaxed) }

    /// There is something for the role to do.
    func signal() { wakeup.signal() }

    func start() {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted && !state.isStopping
        }
        guard isFirst else { return }
        let thread = Thread { self.main() }
        thread.name = name
        thread.start()
    }

    /// Lets the role turn once more, closes the connection and ends the thread.
    func stop() {
        let neverRan = state.withLock { state in
            state.isStopping = true
            return !state.isStarted
        }
        if neverRan { end(.success(())) } else { wakeup.signal() }
    }

    /// Returns when the session has ended. Throws what somebody has to change before the first connection can be had.
    func ended() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state in
                if state.result == nil { state.waiters.append(continuation) }
                return state.result
            }
            if let result { continuation.resume(with: result.mapError { $0 as any Error }) }
        }
    }

    private func end(_ result: Result<Void, BrokerError>) {
        let waiters = state.withLock { state in
            guard state.result == nil else { return [CheckedContinuation<Void, any Error>]() }
            state.result = result
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(with: result.mapError { $0 as any Error }) }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    // MARK: On the thread

    private func main() {
        let role = makeRole(wakeup)
        var plan = ReconnectPlan(brokers: settings.brokers.count)
        // What was said already since the last connection: a list of brokers that are away is not said again at every round.
        var told: Set<BrokerError> = []
        while !isStopping {
            let connectsBefore = connectCount
            do {
                try connectAndServe(role, &plan)
            } catch {
                role.away(error)
                if error.kind == .configuration, connectCount == 0 {
                    role.ended()
                    end(.failure(error))
                    return
                }
                if connectCount != connectsBefore { told = [] }
                if told.insert(error).inserted {
                    logger.warning("no connection to the broker", metadata: [LogKey.connection: "\(name)", LogKey.error: "\(error)"])
                }
                pause(plan.failed(at: .now, random: .random(in: 0..<1)), role, error)
            }
        }
        role.ended()
        end(.success(()))
    }

    private func connectAndServe(_ role: any SessionRole, _ plan: inout ReconnectPlan) throws(BrokerError) {
        let address = settings.brokers[plan.current]
        let connection = try AMQPConnection(to: address, name: name)
        defer { connection.close() }
        try role.opened(connection)
        plan.opened(at: .now)
        connects.wrappingAdd(1, ordering: .relaxed)
        logger.info("connected to the broker", metadata: [LogKey.connection: "\(name)", LogKey.broker: "\(address)"])
        try serve(connection, role)
    }

    private func serve(_ connection: AMQPConnection, _ role: any SessionRole) throws(BrokerError) {
        // Heartbeats are sent only inside the library, so it has to be asked well within the interval.
        let pump = Duration.milliseconds(max(1, connection.heartbeat) * 1000 / 3)
        while true {
            let stops = isStopping
            while let incoming = try connection.next() { try role.received(incoming) }
            let wait = try role.turn(connection)
            if stops { return }
            if connection.hasBufferedInput { continue }
            let latest = ContinuousClock.now + pump
            wakeup.wait(until: wait.until.map { min($0, latest) } ?? latest, or: connection.descriptor, isWritable: wait.isWritable)
            wakeup.clear()
        }
    }

    /// Waits for the next try; signals meanwhile are answered by the role.
    private func pause(_ duration: Duration, _ role: any SessionRole, _ error: BrokerError) {
        let end = ContinuousClock.now + duration
        while !isStopping, ContinuousClock.now < end {
            wakeup.wait(until: end)
            wakeup.clear()
            role.away(error)
        }
    }
}
