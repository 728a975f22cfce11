import Domain

public protocol LogStore: Sendable {
    /// Appends the part of `bytes` that lies beyond the log's present size; durable when it returns. A repeat changes nothing.
    func appendLog(_ append: LogAppend) async throws -> LogAppendAnswer
    /// The log's size and whether it is sealed; nil when the build has no such log.
    func logStatus(_ build: BuildID, name: String) async throws -> LogStatus?
    /// At most `limit` bytes from `offset`; empty at the end.
    func readLog(_ build: BuildID, name: String, offset: Int64, limit: Int) async throws -> [UInt8]
}

public struct LogAppend: Sendable {
    public var build: BuildID
    public var session: SessionID
    public var fence: Fence
    public var name: String
    public var step: Int
    public var offset: Int64
    public var bytes: [UInt8]

    public init(build: BuildID, session: SessionID, fence: Fence, name: String, step: Int, offset: Int64, bytes: [UInt8]) {
        self.build = build
        self.session = session
        self.fence = fence
        self.name = name
        self.step = step
        self.offset = offset
        self.bytes = bytes
    }
}

public enum LogAppendAnswer: Hashable, Sendable {
    /// The log now has this size. `grew` is false for a repeat.
    case accepted(size: Int64, grew: Bool)
    /// The offset is beyond the size the server has.
    case gap(size: Int64)
    case stale(String)
    case notFound
}

public struct LogStatus: Hashable, Sendable {
    public var name: String
    public var step: Int
    public var size: Int64
    public var sha256: String?
    /// No byte will follow.
    public var closed: Bool

    public init(name: String, step: Int, size: Int64, sha256: String?, closed: Bool) {
        self.name = name
        self.step = step
        self.size = size
        self.sha256 = sha256
        self.closed = closed
    }
}
