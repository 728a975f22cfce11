import Synchronization

/// Loops of this process that are rung together, without a ring for any other process. Given its loops once they are made.
public final class LoopGroup: Sendable {
    private let loops = Mutex<[Loop]>([])

    public init() {}

    public func set(_ loops: [Loop]) { self.loops.withLock { $0 = loops } }

    public func ring() {
        for loop in loops.withLock({ $0 }) { loop.ring() }
    }
}
