/// The clock of the loops: monotonic, so that nobody who sets the machine's clock can hang a timer. Tests bring one that they move by hand.
public protocol LoopClock: Clock where Instant == ContinuousClock.Instant {}

extension ContinuousClock: LoopClock {}
