/// Says that a log has grown or ended, never what is in it. A hint like a ring: who follows the log reads it.
public struct LogNotice: Hashable, Sendable {
    public var build: Int64
    /// nil: the build has ended, and with it all of its logs.
    public var log: String?
    /// Where the news begins.
    public var offset: Int64
    /// How long the log is now.
    public var size: Int64
    /// Of the whole log, once it is sealed.
    public var digest: String?

    public init(build: Int64, log: String?, offset: Int64 = 0, size: Int64 = 0, digest: String? = nil) {
        self.build = build
        self.log = log
        self.offset = offset
        self.size = size
        self.digest = digest
    }

    /// One notice for two about the same log.
    public func merged(with later: LogNotice) -> LogNotice {
        LogNotice(
            build: build, log: log, offset: min(offset, later.offset), size: max(size, later.size), digest: later.digest ?? digest)
    }
}
