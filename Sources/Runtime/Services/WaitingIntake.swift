import Domain
import Foundation
import HTTPDoor
import Intake
import Logging
import Signals
import Storage
import Synchronization

/// An intake whose database is away at its start: it takes changes into its spool, under the identity that it kept, until the database can be opened.
struct WaitingIntake: Sendable {
    var settings: Settings
    var spool: ChangeSpool
    var identity: IdentityCache
    var logger: Logger

    private static let pause: Duration = .seconds(1)

    /// The store, once it can be opened; nil when the process was told to stop before.
    func store(signals: SignalWatch) async throws -> OpenedStore? {
        logger.warning(
            "the database is away: changes are spooled", metadata: ["identity_age_s": "\(Int(identityAge))", "deployment": "\(identity.deployment)"])
        let port = BoundPort()
        let intake = ChangeIntake(store: AwayStore(), bell: LocalBell(health: .none), deployment: identity.deployment, spool: spool)
        let health = SpoolHealth(spool: spool)
        let access = AccessKeeper(mode: settings.access, store: nil)
        if let known = identity.access {
            access.adopt(known, age: .seconds(max(0, Date().timeIntervalSince1970 - (identity.accessConfirmed ?? 0))))
        }
        let router = DoorRouter.door(
            names: Set(settings.hosts), access: access, limits: settings.limits, home: { [identity] in identity.configuration?.project })
        HealthRoutes(
            book: HealthBook(checks: [
                { .degraded("database: not reached since the start; the deployment's identity was confirmed \(Int(identityAge)) s ago") },
                { health.check() },
            ]),
            metrics: [
                { $0.add("database_reachable", .gauge, "1 when the database answered just now.", 0) }, { health.addMetrics(to: &$0) },
                { $0.add("identity_age_seconds", .gauge, "Since when the deployment's identity was not confirmed.", identityAge) },
            ]
        ).addRoutes(to: router)
        intake.addRoutes(to: router)
        intake.hooks(configuration: { [identity] in identity.configuration }, deliveries: nil, logger: settings.logger("hooks"))
            .addRoutes(to: router)
        router.answerOtherMethods()
        let server = HTTPService.make(router, settings, port: port, logger: settings.logger("http")) { _ in }
        let found = Mutex<OpenedStore?>(nil)
        let runner = ServiceRunner(services: [server], listen: settings.listen, port: port, logger: logger)
        try await runner.run(signals: signals) { stop in
            guard let store = await opened() else { return }
            found.withLock { $0 = store }
            await stop()
        }
        return found.withLock { $0 }
    }

    /// Tries until it succeeds or is cancelled. It has worked once, so that whatever is wrong now may be mended.
    private func opened() async -> OpenedStore? {
        while (try? await Task.sleep(for: Self.pause)) != nil {
            do {
                return try await StoreFactory.open(settings, migrating: false)
            } catch {
                logger.info("the database is still away", metadata: ["error": "\(error)"])
            }
        }
        return nil
    }

    private var identityAge: Double { max(0, Date().timeIntervalSince1970 - identity.confirmed) }
}
