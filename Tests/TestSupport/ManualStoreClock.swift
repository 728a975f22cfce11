import Domain
import Storage
import Synchronization

/// A store clock that stands still until a test moves it.
public final class ManualStoreClock: StoreClock {
    private let time: Mutex<Timestamp>

    public init(_ start: Timestamp = Timestamp(seconds: 1_800_000_000)) {
        time = Mutex(start)
    }

    public func now() -> Timestamp { time.withLock { $0 } }

    public func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }
}
