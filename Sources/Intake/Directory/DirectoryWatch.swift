import Foundation
import Synchronization

/// Rings when a file comes into a directory, as Linux tells of it (inotify(7)); elsewhere there is none, and the beat of the source has to do.
final class DirectoryWatch: Sendable {
    let identity: DirectoryIdentity
    private let stop = StopPipe()
    private let over: Flag

    /// The directory was removed, or moved: whatever has its path now is another.
    var isOver: Bool { over.isRaised }

    #if os(Linux)
        /// Nil when the system has no more of them.
        ///
        /// - Parameter directory: an open directory; it need not stay open.
        init?(_ directory: Int32, identity: DirectoryIdentity, wake: @escaping @Sendable () -> Void) {
            let events = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
            guard events >= 0 else { return nil }
            // By the descriptor, so that it is the very directory that is read. What is written in place rings when it is closed.
            let mask = UInt32(IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF)
            guard inotify_add_watch(events, "/proc/self/fd/\(directory)", mask) >= 0 else {
                close(events)
                return nil
            }
            self.identity = identity
            let over = Flag()
            self.over = over
            let stop = stop
            Thread.detachNewThread { Self.follow(events, stop, over, wake) }
        }

        /// Blocks until the watch is asked to stop, or its directory is gone.
        private static func follow(_ events: Int32, _ stop: StopPipe, _ over: Flag, _ wake: () -> Void) {
            defer { close(events) }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                var descriptors = [
                    pollfd(fd: events, events: Int16(POLLIN), revents: 0), pollfd(fd: stop.reading, events: Int16(POLLIN), revents: 0),
                ]
                let ready = poll(&descriptors, 2, -1)
                if ready < 0, errno == EINTR { continue }
                guard ready > 0, descriptors[1].revents == 0 else { return }
                let count = read(events, &buffer, buffer.count)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return }
                let isGone = masks(buffer[..<count]).contains { $0 & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED) != 0 }
                if isGone { over.raise() }
                wake()
                if isGone { return }
            }
        }

        /// What each event in these bytes is about; names follow them.
        private static func masks(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
            let size = MemoryLayout<inotify_event>.size
            var masks: [UInt32] = []
            var start = bytes.startIndex
            while start + size <= bytes.endIndex {
                let event = bytes[start..<start + size].withUnsafeBytes { $0.loadUnaligned(as: inotify_event.self) }
                masks.append(event.mask)
                start += size + Int(event.len)
            }
            return masks
        }
    #else
        init?(_ directory: Int32, identity: DirectoryIdentity, wake: @escaping @Sendable () -> Void) { nil }
    #endif

    deinit { stop.ask() }

    /// Raised once, by the thread that follows.
    private final class Flag: Sendable {
        private let raised = Mutex(false)
        var isRaised: Bool { raised.withLock { $0 } }
        func raise() { raised.withLock { $0 = true } }
    }
}
