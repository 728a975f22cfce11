import Logging
import Wire

/// One service in a process of its own, beside any number of others on the same database.
public struct ServiceApplication: Sendable {
    private let role: Role
    private let settings: Settings

    public init(role: Role, settings: Settings) {
        self.role = role
        self.settings = settings
    }

    /// Runs until it is told to stop.
    public func run() async throws {
        guard case .postgres = settings.database else {
            throw SettingsError(
                variable: "DOORBELL_DATABASE_URL", found: "SQLite",
                expected: "postgres://USER@HOST/DATABASE: `doorbell \(role.rawValue)` shares its database with other services; "
                    + "on one machine `doorbell up` runs them all on SQLite")
        }
        let signals = SignalWatch()
        let logger = settings.logger("doorbell")
        let store = try await StoreFactory.open(settings, migrating: false)
        do {
            let assembly = try await ServiceAssembly(
                roles: [role], settings: settings, store: store, configurationPath: nil,
                onListening: { address in
                    logger.notice(
                        "listening", metadata: ["service": "\(role.rawValue)", "url": "\(address)", "version": "\(ProductVersion.current)"])
                },
                makeLogger: { settings.logger($0) })
            let runner = ServiceRunner(
                services: assembly.services, listen: settings.listen, port: assembly.port, logger: logger,
                onDrain: { logger.notice("stopping", metadata: ["service": "\(role.rawValue)"]) })
            try await runner.run(signals: signals)
        } catch {
            try? await store.store.close()
            throw error
        }
        try await store.store.close()
        logger.notice("stopped", metadata: ["service": "\(role.rawValue)"])
    }
}
