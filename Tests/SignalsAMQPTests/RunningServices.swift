import Logging
import ServiceLifecycle
import Signals
import SignalsAMQP
import TestSupport
import Testing

/// Runs services for as long as the body takes.
func withServices<Result: Sendable>(_ services: [any Service], _ body: @Sendable () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for service in services { group.addTask { try await service.run() } }
        defer { group.cancelAll() }
        return try await body()
    }
}

/// What a bell has told, to wait on.
final class BellObserver: Sendable {
    struct Seen: Sendable {
        var reconnects = 0
        var health: BellHealth
    }

    let seen: Watched<Seen>
    private let bell: any Doorbell
    private let subscription: BellSubscription

    init(_ bell: any Doorbell) {
        self.bell = bell
        let seen = Watched(Seen(health: bell.health))
        self.seen = seen
        subscription = bell.watch { event in
            seen.change { seen in
                switch event {
                case .reconnected: seen.reconnects += 1
                case .healthChanged(let health): seen.health = health
                }
            }
        }
        // It may have changed before the first look.
        let health = bell.health
        seen.change { $0.health = health }
    }

    func healthy() async { await seen.wait { $0.health == .healthy } }

    func degraded() async { await seen.wait { $0.health != .healthy } }

    func reconnected(_ times: Int) async { await seen.wait { $0.reconnects >= times } }
}

extension AMQPBell {
    func healthy() async { await BellObserver(self).healthy() }
}
