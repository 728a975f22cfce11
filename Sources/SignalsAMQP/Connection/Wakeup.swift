import Foundation
import Synchronization

/// Wakes a thread that waits for a socket: a pipe that it waits for at the same time. Any number of signals before it looks are one.
final class Wakeup: Sendable {
    /// Readable while a signal waits.
    let descriptor: Int32
    private let writeEnd: Int32
    private let isSignalled = Atomic<Bool>(false)

    init() throws(BrokerError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .unavailable("no pipe can be had (\(String(cString: strerror(errno)))): raise the limit of open files")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        descriptor = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    func signal() {
        guard !isSignalled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Takes the signal: whatever was changed before it is visible now.
    func clear() {
        // More than one: a signal that was given while this ran may have left a byte behind.
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        _ = read(descriptor, &bytes, bytes.count)
        _ = isSignalled.exchange(false, ordering: .acquiringAndReleasing)
    }

    /// Waits for a signal, or for the other descriptor, but no longer than until the deadline.
    func wait(until deadline: ContinuousClock.Instant, or other: Int32? = nil, isWritable: Bool = false) {
        var waited = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if let other { waited.append(pollfd(fd: other, events: Int16(POLLIN) | (isWritable ? Int16(POLLOUT) : 0), revents: 0)) }
        let rest = max(.zero, ContinuousClock.now.duration(to: deadline)).components
        // Rounded up: a deadline that is not reached yet would make the caller turn around at once.
        let milliseconds = min(rest.seconds, 3600) * 1000 + (rest.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        // Interrupted or not, the caller looks at everything again.
        poll(&waited, nfds_t(waited.count), Int32(milliseconds))
    }
}
