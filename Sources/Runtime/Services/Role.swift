/// A service of Doorbell that can run in a process of its own, any number of times.
public enum Role: String, Sendable, Hashable, CaseIterable {
    case intake, scheduler, dispatcher, relay, web

    /// The port it listens on when nothing else is said: each has its own, so that one machine can hold all of them.
    public var defaultPort: Int {
        switch self {
        case .web: 8010
        case .dispatcher: 8011
        case .intake: 8012
        case .scheduler: 8013
        case .relay: 8014
        }
    }
}
