import Foundation

/// Wakes a thread that waits for a socket, once and for good.
final class PostgresListenerEnd: Sendable {
    /// Readable as soon as it was told; -1 when the process has no descriptor left, and then the listener looks each second.
    let descriptor: Int32
    private let other: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 {
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        (descriptor, other) = (ends[0], ends[1])
    }

    deinit {
        for end in [descriptor, other] where end >= 0 { close(end) }
    }

    func tell() {
        var byte: UInt8 = 1
        if other >= 0 { _ = write(other, &byte, 1) }
    }
}
