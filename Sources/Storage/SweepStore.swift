import Domain

public protocol SweepStore: Sendable {
    /// Which loops would find something to do: one statement for all of them, so that a sweep is cheap (DESIGN §2).
    func openWork() async throws -> OpenWork
}

public struct OpenWork: Hashable, Sendable {
    /// Changes that no rule has looked at.
    public var unclassified: Bool
    /// A branch waits to become quiet.
    public var quiet: Bool
    public var pendingRequests: Bool
    /// Builds that a worker holds.
    public var openBuilds: Bool
    /// Buildsets whose end a scheduler waits for.
    public var awaited: Bool
    /// Buildsets that steps triggered, whose builds are open or were lately.
    public var triggered: Bool
    /// Requests with a deadline that wait.
    public var deadlines: Bool
    /// The version of what tokens are judged by (`AccessState`).
    public var access: Int64

    public init(
        unclassified: Bool, quiet: Bool, pendingRequests: Bool, openBuilds: Bool, awaited: Bool = false, triggered: Bool = false,
        deadlines: Bool = false, access: Int64 = 0
    ) {
        self.unclassified = unclassified
        self.quiet = quiet
        self.pendingRequests = pendingRequests
        self.openBuilds = openBuilds
        self.awaited = awaited
        self.triggered = triggered
        self.deadlines = deadlines
        self.access = access
    }
}
