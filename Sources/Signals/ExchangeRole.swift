/// What an exchange carries (DESIGN §6). The raw value ends the exchange's name.
public enum ExchangeRole: String, Hashable, Sendable, CaseIterable {
    /// Public events: persistent, confirmed.
    case events
    /// Notices that logs have grown; never their content.
    case logs
    /// Rings.
    case wake
    /// What no queue was bound for.
    case unrouted
    /// Public events once more, as CDEvents; only where somebody asks for them.
    case cdevents

    /// Those that every deployment has.
    public static let common = Set(allCases).subtracting([.cdevents])
}
