import Domain
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
    public var lease: LeaseRule

    /// Reads the environment.
    /// - Throws: `SettingsError` naming the variable, what was found and what is expected.
    public init(environment: [String: String], dataDirectory: String? = nil, listen: String? = nil) throws(SettingsError) {
        func variable(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return value
        }
        self.dataDirectory = dataDirectory ?? variable("DOORBELL_DATA_DIR") ?? ".doorbell"
        if let url = variable("DOORBELL_DATABASE_URL") {
            guard url.hasPrefix("sqlite:"), url.count > "sqlite:".count else {
                throw SettingsError(
                    variable: "DOORBELL_DATABASE_URL", found: "a URL of another kind",
                    expected: "sqlite:DIRECTORY; this version keeps its data in SQLite")
            }
            if dataDirectory == nil { self.dataDirectory = String(url.dropFirst("sqlite:".count)) }
        }
        if variable("DOORBELL_AMQP_URL") != nil {
            throw SettingsError(
                variable: "DOORBELL_AMQP_URL", found: "a broker",
                expected: "nothing: this version runs in one process and rings its bell inside it; unset the variable")
        }
        let address = listen ?? variable("DOORBELL_LISTEN") ?? "127.0.0.1:8010"
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
        self.lease = LeaseRule()
        if let text = variable("DOORBELL_LEASE_SECONDS") {
            guard let seconds = Int64(text), (1...3600).contains(seconds) else {
                throw SettingsError(variable: "DOORBELL_LEASE_SECONDS", found: text, expected: "a whole number from 1 to 3600")
            }
            self.lease.period = .seconds(seconds)
            self.lease.acceptWithin = .seconds(seconds)
        }
    }
}

/// A variable or flag with a value that cannot be used.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    public var variable: String
    public var found: String
    public var expected: String

    public var description: String { "\(variable) is \(found), expected \(expected)" }
}

/// Where a server listens.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int

    /// `HOST:PORT`, with IPv6 hosts in brackets; port 0 takes a free one.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// True when only this machine can reach it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The URL by which this machine reaches it.
    public func url(port: Int) -> String {
        let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "[::1]" : host.contains(":") ? "[\(host)]" : host
        return "http://\(reachable):\(port)"
    }
}
