import Domain

/// A worker asks for what one attempt of a step needs.
public struct StepCall: Hashable, Sendable {
    public var build: BuildID
    public var session: SessionID
    public var fence: Fence
    public var step: Int
    public var attempt: Int

    public init(build: BuildID, session: SessionID, fence: Fence, step: Int, attempt: Int) {
        self.build = build
        self.session = session
        self.fence = fence
        self.step = step
        self.attempt = attempt
    }
}
