import Signals

/// The bounds of what is sent to one subscriber.
struct OutgoingBounds: Hashable, Sendable {
    /// How long a leader that is silent is believed to live.
    var lease: Duration = .seconds(30)
    /// How soon another asks again for a lease that has just ended.
    var shortestPatience: Duration = .seconds(1)
    /// No sending takes longer.
    var longestSending: Duration = .seconds(12)
    /// How long an event is tried.
    var longestTrying: Duration = .seconds(86_400)
    var backoff = Backoff(first: .seconds(2), longest: .seconds(600))
    /// How often an endpoint is tried that is away.
    var probing = Backoff(first: .seconds(1), longest: .seconds(60))
    /// Failures in a row after which an endpoint is away.
    var failuresOfAway = 8
    /// Sendings at once.
    var sideBySide = 8
    /// Events that are set aside, at most; beyond them the cursor waits.
    var aside = 200
    /// Events that are read and wait, before no more are read.
    var window = 200
    var batch = 200
    /// The shortest time between two writes while more answers are on their way.
    var pauseOfResults: Duration = .milliseconds(100)
    /// How long a cursor that passed what is not meant for the subscriber waits to be written.
    var pauseOfCursor: Duration = .seconds(1)
}
