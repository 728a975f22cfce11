import Foundation

/// Writes to standard output and standard error. A reader that went away (`doorbell events | head`) is no reason to stop or to crash: what cannot be
/// written is dropped, and who wants to know asks for the result.
public enum Console: Int32, Sendable {
    case output = 1
    case error = 2

    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// False when nobody reads any more.
    @discardableResult
    public func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = Foundation.write(rawValue, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                if count > 0 {
                    written += count
                } else if count < 0, errno == EAGAIN {
                    // The terminal may be non-blocking because another program made it so.
                    var descriptor = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                    poll(&descriptor, 1, 1000)
                } else if count < 0, errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
