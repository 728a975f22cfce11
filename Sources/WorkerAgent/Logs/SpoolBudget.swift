import Synchronization

/// How many bytes all spooled output of a worker may take on its disk; beyond it is as if the disk were full.
final class SpoolBudget: Sendable {
    private let left: Mutex<Int64?>

    /// Nil: as many as the disk has.
    init(limit: Int64?) {
        left = Mutex(limit)
    }

    /// False, and nothing taken, when there are not as many left.
    func take(_ count: Int) -> Bool {
        left.withLock { left in
            guard let before = left else { return true }
            guard before >= Int64(count) else { return false }
            left = before - Int64(count)
            return true
        }
    }

    func giveBack(_ count: Int) {
        left.withLock { left in
            if let before = left { left = before + Int64(count) }
        }
    }
}
