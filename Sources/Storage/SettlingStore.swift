/// Ends what a process of the version before left, which knows nothing of requests that another one's build answers.
public protocol SettlingStore: Sendable {
    /// Settles requests whose build has ended without them, or whose end was asked for and did not come: of up to `limit` of them, and all that ride with
    /// those. Asks for the ends of builds that answer nobody after that.
    func settleStranded(limit: Int) async throws -> SettledRequests
}

public struct SettledRequests: Hashable, Sendable {
    /// How many requests ended, or wait again; `limit` or more where others may be left.
    public var count: Int
    /// The builds whose workers are to be told that nobody wants them any more.
    public var cancels: [BuildCancel]

    public init(count: Int = 0, cancels: [BuildCancel] = []) {
        self.count = count
        self.cancels = cancels
    }
}
