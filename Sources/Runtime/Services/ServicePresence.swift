import Domain
import Foundation
import ServiceLifecycle
import Signals
import Storage
import Synchronization
import Wire

/// Tells the deployment that this process lives, what it is and what is wrong with it; learns with the same call what a sweep asks.
final class ServicePresence: Service {
    /// Names this start of the process among all others.
    let incarnation = UUID().uuidString.lowercased()
    let kind: String
    let name: String
    private let store: any Store
    private let port: BoundPort
    private let listen: ListenAddress
    private let health: @Sendable () async -> String
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// A service that was killed is remembered this long, for a person to find.
    private static let longestSilence: Duration = .seconds(3600)
    /// A goodbye that is not answered by then is left out: others find out by themselves.
    private static let longestGoodbye: Duration = .seconds(2)

    init(kind: String, settings: Settings, store: any Store, port: BoundPort, health: @escaping @Sendable () async -> String) {
        self.kind = kind
        name = ProcessInfo.processInfo.hostName
        self.store = store
        self.port = port
        listen = settings.listen
        self.health = health
    }

    /// - Parameter sessions: the workers that a dispatcher hears; nil for a process that does not dispatch.
    func beat(sessions: [SessionID]?) async throws -> BeatAnswer {
        let beat = ServiceBeat(
            incarnation: incarnation, kind: kind, name: name, version: ProductVersion.current, address: address, health: await health(),
            dispatches: sessions != nil, sessions: sessions ?? [])
        let answer = try await store.beat(beat)
        last.withLock { $0 = .now }
        return answer
    }

    /// True when the last beat was this long ago.
    func isDue(every interval: Duration) -> Bool {
        last.withLock { $0.map { $0.duration(to: .now) >= interval } ?? true }
    }

    /// Says at once that it lives, when it can be reached, and goodbye when the process drains. In between it is the sweep that says it.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard await self.port.wait() != nil else { return }
            _ = try? await self.beat(sessions: nil)
            try? await self.store.forgetServices(silentFor: Self.longestSilence)
        }
        try? await gracefulShutdown()
        let (store, incarnation) = (store, incarnation)
        try? await Bounded.run(within: Self.longestGoodbye) { try await store.endService(incarnation) }
    }

    /// The URL by which others reach it, as far as this process can know.
    private var address: String {
        let number = port.number ?? listen.port
        return listen.isLoopback ? listen.url(port: number) : "http://\(name):\(number)"
    }
}
