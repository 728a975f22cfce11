/// How many calls of the API a client may make each second; nil: any number.
public struct ClientLimits: Hashable, Sendable {
    public var writes: Int?
    public var reads: Int?

    public init(writes: Int? = nil, reads: Int? = nil) {
        self.writes = writes
        self.reads = reads
    }
}
