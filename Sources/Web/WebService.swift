import Domain
import HTTPDoor
import Logging
import Signals
import Storage
import Wire

/// Answers those who look and those who steer: the read and control part of the API, events, and the web pages.
public struct WebService: Sendable {
    /// What the service needs of the process it runs in, besides the store and the bell.
    public struct Surroundings: Sendable {
        /// The configuration in force; nil before the first was applied.
        public var configuration: @Sendable () -> AppliedConfiguration?
        /// Reads the configuration file again; throws the problems of a broken one.
        public var reload: @Sendable (AuditNote) async throws -> (changed: Bool, id: ConfigurationID?)
        /// Applies files that somebody sent; throws the problems of broken ones, and `StoreError.conflict` when another revision is in force than expected.
        public var apply: @Sendable (ConfigurationBody, AuditNote) async throws -> (changed: Bool, id: ConfigurationID?)
        /// Applies an earlier revision again; throws likewise.
        public var restore: @Sendable (NewRevision) async throws -> (changed: Bool, id: ConfigurationID?)
        /// Reads what a forge delivered once more, and takes what it tells of.
        public var redeliver: @Sendable (KeptDelivery, AuditNote) async throws -> RedeliveryAnswer

        public init(
            configuration: @escaping @Sendable () -> AppliedConfiguration?,
            reload: @escaping @Sendable (AuditNote) async throws -> (changed: Bool, id: ConfigurationID?),
            apply: @escaping @Sendable (ConfigurationBody, AuditNote) async throws -> (changed: Bool, id: ConfigurationID?),
            restore: @escaping @Sendable (NewRevision) async throws -> (changed: Bool, id: ConfigurationID?),
            redeliver: @escaping @Sendable (KeptDelivery, AuditNote) async throws -> RedeliveryAnswer
        ) {
            self.configuration = configuration
            self.reload = reload
            self.apply = apply
            self.restore = restore
            self.redeliver = redeliver
        }
    }

    let store: any Store
    let bell: any Doorbell
    let logs: LogBell
    let surroundings: Surroundings
    let access: AccessKeeper
    /// Runs as a service of the process: it reads the outbox for all who follow it.
    public let feed: EventFeed
    /// Those who wait for an answer; those who follow a stream are not among them.
    public let waiters = WaitRoom(most: 1000)

    public init(
        store: any Store, bell: any Doorbell, logs: LogBell, surroundings: Surroundings, access: AccessKeeper = .off,
        logger: Logger = Logger(label: "web")
    ) {
        self.store = store
        self.bell = bell
        self.logs = logs
        self.surroundings = surroundings
        self.access = access
        feed = EventFeed(store: store, bell: bell, logger: logger)
    }

    public func addRoutes(to router: DoorRouter) {
        addListRoutes(to: router)
        addItemRoutes(to: router)
        addControlRoutes(to: router)
        addTryRoutes(to: router)
        addConfigurationRoutes(to: router)
        addDeliveryRoutes(to: router)
        addAccessRoutes(to: router)
        addSubscriberRoutes(to: router)
        addLogRoutes(to: router)
        addEventRoutes(to: router)
        addSchemaRoutes(to: router)
        addPageRoutes(to: router)
        addSignInRoutes(to: router)
    }
}
