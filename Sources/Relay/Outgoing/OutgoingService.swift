import Domain
import Logging
import ServiceLifecycle
import Signals
import Storage

/// Sends events to the subscribers of the configuration over HTTP. Any number of processes may run it: each subscriber is led by one.
public final class OutgoingService: Service {
    private let core: OutgoingCore
    private let bell: any Doorbell
    public let loop: Loop

    /// - Parameters:
    ///   - deployment: the store's, which the events name as their source.
    ///   - name: names this process among all; it must be another after each start.
    ///   - configuration: the one in force; nil before the first was applied.
    public convenience init(
        store: any OutboxStore & OutgoingStore, deployment: String, bell: any Doorbell, name: String,
        configuration: @escaping @Sendable () -> Configuration?, logger: Logger
    ) {
        let book = TargetBook(deployment: deployment)
        self.init(store: store, bell: bell, name: name, logger: logger) { await configuration().asyncMap { await book.targets(of: $0) } }
    }

    init(
        store: any OutboxStore & OutgoingStore, bell: any Doorbell, name: String, bounds: OutgoingBounds = OutgoingBounds(),
        clock: any LoopClock = ContinuousClock(), logger: Logger, targets: @escaping @Sendable () async -> [any EventTarget]?
    ) {
        let core = OutgoingCore(
            store: store, name: name, bounds: bounds, trust: { bell.health == .healthy ? .seconds(30) : .seconds(2) }, clock: clock, logger: logger,
            targets: targets)
        let loop = Loop(name: .outgoing, bell: bell, clock: clock, logger: logger, onStop: { await core.stop() }) { try await core.pass() }
        core.ringing { loop.ring() }
        if store.showsEventsAtOnce {
            store.onEvents {
                core.heardOfEvents()
                loop.ring()
            }
        }
        self.core = core
        self.bell = bell
        self.loop = loop
    }

    /// Hears of events that other processes wrote, and of what somebody asks for, until the process drains. The loop runs beside it.
    public func run() async throws {
        let events = bell.listen(to: .events) { [core, loop] in
            core.heardOfEvents()
            loop.ring()
        }
        let asked = bell.listen(to: .outgoing) { [core, loop] in
            core.heardOfWork()
            loop.ring()
        }
        let changes = bell.watch { [core] event in
            guard event == .reconnected else { return }
            core.heardOfEvents()
            core.heardOfWork()
        }
        defer {
            events.cancel()
            asked.cancel()
            changes.cancel()
        }
        try? await gracefulShutdown()
    }

    public var statistics: [(name: String, statistics: OutgoingStatistics)] { core.statistics }

    /// How far all subscribers are, whoever leads them.
    public func rows() async throws -> [SubscriberRow] { try await core.rows() }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<T>(_ transform: (Wrapped) async -> T) async -> T? {
        guard let self else { return nil }
        return await transform(self)
    }
}
