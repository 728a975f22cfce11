import Domain
import HTTPDoor
import Logging

/// What the environment and the command line decide, before any configuration is read. Flags win over the environment.
public struct Settings: Sendable {
    public enum LogFormat: String, Sendable, CaseIterable {
        case text, json
    }

    /// Where the database, logs, mirrors and working directories are.
    public var dataDirectory: String
    public var listen: ListenAddress
    public var logLevel: Logger.Level
    public var logFormat: LogFormat
    /// Host names under which clients may address this server, besides the loopback ones.
    public var hosts: [String]
    /// What a client of the API may ask for each second.
    public var limits: ClientLimits
    public var lease: LeaseRule
    public var database: DatabaseLocation
    /// Beneath which a dispatcher reads files with secrets; nil: anywhere.
    public var secretsDirectory: String?
    /// Whether callers have to say who they are.
    public var access: AccessMode
    /// Listen to other machines though nobody has to say who they are.
    public var isInsecureMeant: Bool
    /// Nil: the bell rings inside this process only.
    public var broker: Broker?

    /// A relay publishes every event once more, as one of CDEvents.
    public var publishesCDEvents: Bool

    /// The broker's settings as they were written. The URL may hold a password: it is shown to nobody.
    public struct Broker: Hashable, Sendable {
        public var url: String
        public var prefix: String
        public var declaration: String
    }

    /// Reads the environment.
    /// - Parameter defaultPort: where it listens when neither a flag nor the environment says so.
    /// - Throws: `SettingsError` naming the variable, what was found and what is expected.
    public init(environment: [String: String], dataDirectory: String? = nil, listen: String? = nil, defaultPort: Int = Role.web.defaultPort)
        throws(SettingsError)
    {
        func variable(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return value
        }
        self.dataDirectory = dataDirectory ?? variable("DOORBELL_DATA_DIR") ?? ".doorbell"
        let data = self.dataDirectory
        database = try Self.database(variable("DOORBELL_DATABASE_URL"), dataDirectory: data, isNamed: dataDirectory != nil)
        if case .sqlite(let directory) = database { self.dataDirectory = directory }
        if let url = variable("DOORBELL_AMQP_URL") {
            broker = Broker(
                url: url, prefix: variable("DOORBELL_AMQP_PREFIX") ?? "doorbell", declaration: variable("DOORBELL_AMQP_DECLARE") ?? "active")
        }
        let cdevents = variable("DOORBELL_CDEVENTS") ?? "off"
        guard cdevents == "on" || cdevents == "off" else {
            throw SettingsError(variable: "DOORBELL_CDEVENTS", found: cdevents, expected: "on or off")
        }
        publishesCDEvents = cdevents == "on"
        let address = listen ?? variable("DOORBELL_LISTEN") ?? "127.0.0.1:\(defaultPort)"
        guard let parsed = ListenAddress(address) else {
            throw SettingsError(
                variable: listen == nil ? "DOORBELL_LISTEN" : "--listen", found: address, expected: "HOST:PORT, such as 127.0.0.1:8010 or [::1]:8010")
        }
        self.listen = parsed
        let level = variable("DOORBELL_LOG_LEVEL") ?? "notice"
        guard let logLevel = Logger.Level(rawValue: level) else {
            throw SettingsError(
                variable: "DOORBELL_LOG_LEVEL", found: level, expected: Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.logLevel = logLevel
        let format = variable("DOORBELL_LOG_FORMAT") ?? "text"
        guard let logFormat = LogFormat(rawValue: format) else {
            throw SettingsError(variable: "DOORBELL_LOG_FORMAT", found: format, expected: "text or json")
        }
        self.logFormat = logFormat
        self.hosts = (variable("DOORBELL_HOSTS") ?? "").split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
        secretsDirectory = variable("DOORBELL_SECRETS_DIR")
        guard secretsDirectory?.hasPrefix("/") ?? true else {
            throw SettingsError(variable: "DOORBELL_SECRETS_DIR", found: secretsDirectory ?? "", expected: "an absolute path")
        }
        access = try Self.access(variable("DOORBELL_AUTH"), anonymous: variable("DOORBELL_ANONYMOUS"))
        let insecure = variable("DOORBELL_INSECURE") ?? "no"
        guard ["yes", "no"].contains(insecure) else { throw SettingsError(variable: "DOORBELL_INSECURE", found: insecure, expected: "yes or no") }
        isInsecureMeant = insecure == "yes"
        // On loopback whoever calls could as well run anything here, and a benchmark is one client; elsewhere one client is not to starve the others.
        limits = parsed.isLoopback ? ClientLimits() : ClientLimits(writes: 200, reads: 1000)
        limits.writes = try Self.rate("DOORBELL_WRITES_PER_SECOND", variable, otherwise: limits.writes)
        limits.reads = try Self.rate("DOORBELL_READS_PER_SECOND", variable, otherwise: limits.reads)
        self.lease = LeaseRule()
        if let text = variable("DOORBELL_LEASE_SECONDS") {
            guard let seconds = Int64(text), (1...3600).contains(seconds) else {
                throw SettingsError(variable: "DOORBELL_LEASE_SECONDS", found: text, expected: "a whole number from 1 to 3600")
            }
            self.lease.period = .seconds(seconds)
            self.lease.acceptWithin = .seconds(seconds)
        }
    }

    private static func access(_ mode: String?, anonymous: String?) throws(SettingsError) -> AccessMode {
        let reads = anonymous ?? "none"
        guard ["none", "read"].contains(reads) else { throw SettingsError(variable: "DOORBELL_ANONYMOUS", found: reads, expected: "none or read") }
        switch mode ?? "off" {
        case "off": return .off
        case "tokens": return .tokens(anonymousReads: reads == "read")
        case let other: throw SettingsError(variable: "DOORBELL_AUTH", found: other, expected: "off or tokens")
        }
    }

    /// Refuses to let other machines steer without a word of who they are, unless that is meant.
    func checkExposure() throws(StartFailure) {
        guard access == .off, !listen.isLoopback, !isInsecureMeant else { return }
        throw StartFailure(
            "it is to listen on \(listen), where others reach it, and asks nobody who they are: set DOORBELL_AUTH=tokens (docs/security.md), listen on "
                + "127.0.0.1, or set DOORBELL_INSECURE=yes if whoever reaches it may steer", isConfiguration: true)
    }

    /// A number of calls a second; 0 is any number.
    private static func rate(_ name: String, _ variable: (String) -> String?, otherwise: Int?) throws(SettingsError) -> Int? {
        guard let text = variable(name) else { return otherwise }
        guard let rate = Int(text), (0...1_000_000).contains(rate) else {
            throw SettingsError(variable: name, found: text, expected: "a whole number from 1 to 1000000, or 0 for any number")
        }
        return rate == 0 ? nil : rate
    }

    private static func database(_ url: String?, dataDirectory: String, isNamed: Bool) throws(SettingsError) -> DatabaseLocation {
        guard let url else { return .sqlite(directory: dataDirectory) }
        if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") { return .postgres(url: url) }
        guard url.hasPrefix("sqlite:"), url.count > "sqlite:".count else {
            throw SettingsError(
                variable: "DOORBELL_DATABASE_URL", found: "a URL of another kind",
                expected: "sqlite:DIRECTORY, or postgres://USER@HOST/DATABASE for services on several machines")
        }
        // A directory named on the command line wins over the environment's.
        return .sqlite(directory: isNamed ? dataDirectory : String(url.dropFirst("sqlite:".count)))
    }
}
