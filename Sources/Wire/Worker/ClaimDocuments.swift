import Domain

/// A worker waits for work for its free slots.
public struct ClaimRequest: Hashable, Sendable, Codable {
    public var free: Int
    /// The builds it holds: whatever is assigned to it beyond these is handed out again, so a lost answer loses nothing.
    public var holding: [BuildID]
    /// How long the answer may wait for work; 0 asks and returns.
    public var waitMilliseconds: Int

    public init(free: Int, holding: [BuildID], waitMilliseconds: Int) {
        self.free = free
        self.holding = holding
        self.waitMilliseconds = waitMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case free, holding
        case waitMilliseconds = "wait_ms"
    }
}

public struct ClaimAnswer: Hashable, Sendable, Codable {
    public var builds: [AssignmentDocument]
    public var control: [ControlDocument]

    public init(builds: [AssignmentDocument], control: [ControlDocument]) {
        self.builds = builds
        self.control = control
    }
}

/// Something the worker is told in an answer.
public struct ControlDocument: Hashable, Sendable, Codable {
    public enum Action: String, Hashable, Sendable, Codable {
        /// End the build and report it as `cancelled`.
        case cancel
        /// The build is not this session's any more: end it and forget it.
        case forget
    }
    public var build: BuildID
    public var action: Action
    public var reason: String

    public init(build: BuildID, action: Action, reason: String) {
        self.build = build
        self.action = action
        self.reason = reason
    }
}

/// A build for a worker: everything it needs.
public struct AssignmentDocument: Hashable, Sendable, Codable {
    public var build: BuildID
    public var fence: Fence
    public var request: RequestID
    public var buildset: BuildsetID
    public var attempt: Int
    public var chain: ChainID
    public var project: String
    public var builder: String
    public var stamp: SourceStamp
    /// Every codebase of the build with the place of its tree, the main one, which is `stamp`, first; absent where there is one repository.
    public var sources: [BuildSource]?
    public var properties: Properties
    public var environment: [String: String]
    /// Interpolated: no `${…}` is left to replace.
    public var steps: [StepRecipe]

    public init(
        build: BuildID, fence: Fence, request: RequestID, buildset: BuildsetID, attempt: Int, chain: ChainID, project: String, builder: String,
        stamp: SourceStamp, properties: Properties, environment: [String: String], steps: [StepRecipe],
        sources: [BuildSource]? = nil
    ) {
        self.build = build
        self.fence = fence
        self.request = request
        self.buildset = buildset
        self.attempt = attempt
        self.chain = chain
        self.project = project
        self.builder = builder
        self.stamp = stamp
        self.sources = sources
        self.properties = properties
        self.environment = environment
        self.steps = steps
    }
}
