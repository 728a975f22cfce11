import Synchronization

/// Notes the first value that was not of the type that the code expects, so that the transaction that read it ends with an error.
final class PostgresFaults: Sendable {
    private let first = Mutex<String?>(nil)

    func note(_ fault: @autoclosure () -> String) {
        first.withLock { if $0 == nil { $0 = fault() } }
    }

    /// The fault, which is forgotten with that.
    func take() -> String? {
        first.withLock { first in
            defer { first = nil }
            return first
        }
    }
}
