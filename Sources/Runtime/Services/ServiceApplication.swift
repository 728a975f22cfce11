import Domain
import Intake
import Logging
import Storage
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
        // The others serve nothing but how they are.
        if [.intake, .dispatcher, .web].contains(role) { try settings.checkExposure() }
        let signals = SignalWatch()
        let logger = settings.logger("doorbell")
        let spool = role == .intake ? try await Self.spool(settings) : nil
        guard let store = try await store(spool, logger: logger, signals: signals) else { return }
        do {
            try await run(store, spool, logger: logger, signals: signals)
        } catch {
            try? await store.store.close()
            throw error
        }
        try await store.store.close()
        logger.notice("stopped", metadata: ["service": "\(role.rawValue)"])
    }

    /// Nil when an intake that waited for its database was told to stop.
    private func store(_ spool: ChangeSpool?, logger: Logger, signals: SignalWatch) async throws -> OpenedStore? {
        do {
            return try await StoreFactory.open(settings, migrating: false)
        } catch let error as StoreError {
            guard case .unavailable = error, let spool, let identity = IdentityCache.load(dataDirectory: settings.dataDirectory) else { throw error }
            return try await WaitingIntake(settings: settings, spool: spool, identity: identity, logger: logger).store(signals: signals)
        }
    }

    private func run(_ store: OpenedStore, _ spool: ChangeSpool?, logger: Logger, signals: SignalWatch) async throws {
        let identity = spool.map { _ in KeptIdentity(deployment: store.store.deployment, dataDirectory: settings.dataDirectory, logger: logger) }
        let assembly = try await ServiceAssembly(
            roles: [role], settings: settings, store: store, spool: spool, configurationPath: nil,
            onConfiguration: { identity?.keep($0.configuration) }, onAccess: { identity?.keep($0) },
            onListening: { [role] address in
                logger.notice("listening", metadata: ["service": "\(role.rawValue)", "url": "\(address)", "version": "\(ProductVersion.current)"])
            },
            makeLogger: { [settings] in settings.logger($0) })
        let runner = ServiceRunner(
            services: assembly.services, listen: settings.listen, port: assembly.port, logger: logger,
            onDrain: { [role] in logger.notice("stopping", metadata: ["service": "\(role.rawValue)"]) })
        if let configuration = assembly.context.configuration() { identity?.keep(configuration.configuration) } else { identity?.keep() }
        try await runner.run(signals: signals)
        identity?.keep()
    }

    private static func spool(_ settings: Settings) async throws -> ChangeSpool {
        do {
            return try await ChangeSpool.open(dataDirectory: settings.dataDirectory)
        } catch let error as SpoolError {
            throw StartFailure(error.description)
        }
    }
}
