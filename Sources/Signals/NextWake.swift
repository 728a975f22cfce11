/// When a pass wants the next one; what a later pass returns replaces it, and nothing returned means: when somebody rings.
public enum NextWake: Hashable, Sendable {
    /// The pass took a full batch: there may be more.
    case immediately
    case at(ContinuousClock.Instant)
}
