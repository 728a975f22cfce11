/// What only so many builds may use at once, over the whole deployment: a database, a board, a licence.
public struct Lock: Hashable, Sendable, Codable {
    public var name: String
    /// How many builds may hold it as `counting` at once.
    public var count: Int

    public static let counts = 1...1_000_000

    public init(name: String, count: Int = 1) {
        self.name = name
        self.count = count
    }
}

/// How a builder's builds hold a lock, from their assignment until they have ended.
public struct LockUse: Hashable, Sendable, Codable {
    public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// Nobody else holds it.
        case exclusive
        /// Beside others of this mode, as many as the lock counts.
        case counting
    }
    public var name: String
    public var mode: Mode

    public init(_ name: String, _ mode: Mode = .exclusive) {
        self.name = name
        self.mode = mode
    }
}
