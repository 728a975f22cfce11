/// What became of an event that a subscriber was to get.
public enum SendingOutcome: String, Hashable, Sendable, Codable, CaseIterable {
    /// Set aside: it is tried again, or waits behind another of its entity that is.
    case waiting
    /// The endpoint took it.
    case sent
    /// It was tried for as long as events are tried.
    case givenUp = "given_up"
}
