/// What one connection is for. Made by, and used on, the session's thread only.
protocol SessionRole: AnyObject {
    /// The connection is open: declares, subscribes, and sends what was kept.
    func opened(_ connection: AMQPConnection) throws(BrokerError)
    func received(_ incoming: AMQPIncoming) throws(BrokerError)
    /// Does what is due; called after every signal and input. Returns what to wait for.
    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait
    /// The connection is gone, or could not be had; also called at each signal while there is none.
    func away(_ error: BrokerError)
    /// The session has ended; nothing is called afterwards.
    func ended()
}

/// What a role waits for, apart from a signal and input.
struct SessionWait: Hashable {
    /// When to turn at the latest, if there is such a time.
    var until: ContinuousClock.Instant?
    /// Also when the socket takes more.
    var isWritable = false
}
