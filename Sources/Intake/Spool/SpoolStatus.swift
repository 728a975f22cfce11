import Domain

/// How the spool of an intake stands: for health and metrics.
public struct SpoolStatus: Hashable, Sendable {
    /// Changes that were answered and are not in the database yet.
    public internal(set) var waiting = 0
    /// Bytes that the spool takes on the disk; freed when it is empty.
    public internal(set) var bytes = 0
    /// When the first of those that wait was taken.
    public internal(set) var oldest: Timestamp?
    public internal(set) var spooled = 0
    public internal(set) var drained = 0
    /// Submissions that were not taken because the spool was full or broken.
    public internal(set) var refused = 0
    /// Records cut from the end because a crash had torn them; nobody was answered for them.
    public internal(set) var torn = 0
    /// Changes that the database will never take; they lie in a file of their own.
    public internal(set) var setAside = 0
    /// Why nothing can be spooled at the moment.
    public internal(set) var trouble: String?
    /// Where damaged bytes were put for a person to look at.
    public internal(set) var damaged: String?

    public init() {}
}
