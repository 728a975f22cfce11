import Domain

/// A request that another one's build answers, as the end of that build, or a cancel, finds it.
package struct Rider {
    package var request: RequestID
    package var buildset: BuildsetID
    package var build: BuildID
    package var priority: Int
    package var attempts: Int
    package var attemptsAllowed: Int
    package var workersLost: [String]
    /// Only a process of the version before leaves one: others end the request at once.
    package var cancelReason: String?

    package init(
        request: RequestID, buildset: BuildsetID, build: BuildID, priority: Int, attempts: Int, attemptsAllowed: Int, workersLost: [String],
        cancelReason: String?
    ) {
        self.request = request
        self.buildset = buildset
        self.build = build
        self.priority = priority
        self.attempts = attempts
        self.attemptsAllowed = attemptsAllowed
        self.workersLost = workersLost
        self.cancelReason = cancelReason
    }
}
