/// A build as it is handed to a worker: everything it needs, with no look-ups left to do.
public struct Assignment: Hashable, Sendable {
    public var build: BuildID
    public var request: RequestID
    public var buildset: BuildsetID
    public var fence: Fence
    public var session: SessionID
    public var worker: String
    public var attempt: Int
    public var chain: ChainID
    public var project: String
    public var builder: Builder
    public var stamp: SourceStamp
    /// Every codebase, the main one first; empty: one repository, which `stamp` says.
    public var sources: [BuildSource]
    public var properties: Properties

    public init(
        build: BuildID, request: RequestID, buildset: BuildsetID, fence: Fence, session: SessionID, worker: String, attempt: Int, chain: ChainID,
        project: String, builder: Builder, stamp: SourceStamp, properties: Properties, sources: [BuildSource] = []
    ) {
        self.build = build
        self.request = request
        self.buildset = buildset
        self.fence = fence
        self.session = session
        self.worker = worker
        self.attempt = attempt
        self.chain = chain
        self.project = project
        self.builder = builder
        self.stamp = stamp
        self.sources = sources
        self.properties = properties
    }
}
