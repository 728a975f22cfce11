/// What happens to a bell, as opposed to what it carries.
public enum BellEvent: Hashable, Sendable {
    /// The bell or the database was away and is back: rings may have been lost.
    case reconnected
    case healthChanged(BellHealth)
}
