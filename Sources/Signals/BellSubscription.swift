import Synchronization

/// Keeps a listener at a bell; it ends when it is cancelled or released.
public final class BellSubscription: Sendable {
    private let end: Mutex<(@Sendable () -> Void)?>

    public init(onCancel: @escaping @Sendable () -> Void) {
        end = Mutex(onCancel)
    }

    /// No call starts after this returns; one that has begun on another thread may still be under way.
    public func cancel() {
        let end = end.withLock { end in
            defer { end = nil }
            return end
        }
        end?()
    }

    deinit { cancel() }
}
