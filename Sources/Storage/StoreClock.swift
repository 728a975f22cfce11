import Domain

/// The store's clock. A server's database has its own; an embedded store takes the machine's, and a test one that it moves by hand.
public protocol StoreClock: Sendable {
    func now() -> Timestamp
}
