/// Wakes loops, in this process and, where one is configured, through a broker in others. A ring is a hint: losing one costs time, never work.
public protocol Doorbell: Sendable {
    /// Rings for every loop of this name. Returns at once, fails never, and may be called from any thread, inside a transaction's commit hook too.
    func ring(_ loop: LoopName)
    /// Calls `heard` for each ring until the subscription is cancelled. Rings may be merged on their way; `heard` must return at once.
    func listen(to loop: LoopName, _ heard: @escaping @Sendable () -> Void) -> BellSubscription
    /// Tells what happens to the bell itself until the subscription is cancelled.
    func watch(_ told: @escaping @Sendable (BellEvent) -> Void) -> BellSubscription
    /// Tells the loops of this process that the bell or the database is back, so that each looks for what it missed.
    func announceReconnect()
    var health: BellHealth { get }
}
