import Storage

/// What those who follow the events are told.
enum EventNews: Sendable {
    /// These events follow, without a gap, what lies at the cursor.
    case events(after: EventCursor, [EventRecord])
    /// There may be more in the store than was told.
    case lookAgain
    /// Nothing happened for a while: time to show that the connection lives.
    case beat
}
