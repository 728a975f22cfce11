import Foundation

/// A file that records are appended to, each durable when the append returns. Every call blocks; one caller at a time.
final class SpoolFile {
    /// Writes as write(2); tests bring a disk that is full.
    typealias Write = @Sendable (Int32, UnsafeRawBufferPointer) -> Int

    let path: String
    private let descriptor: Int32
    private let write: Write
    /// Where the next record goes: the end of the last whole one.
    private(set) var end = 0

    /// Opens or makes the file and holds it against every other process. Throws `SpoolError`.
    init(path: String, write: @escaping Write = { Foundation.write($0, $1.baseAddress, $1.count) }) throws {
        self.path = path
        self.write = write
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SpoolError.broken("\(path) cannot be opened: \(Self.reason)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw SpoolError.inUse("another intake uses \(path): give each a data directory of its own (--data-dir)")
        }
        try Self.syncDirectory(of: path)
    }

    deinit { close(descriptor) }

    /// Every byte of the file.
    func contents() throws -> [UInt8] {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw SpoolError.broken("\(path) cannot be read: \(Self.reason)") }
        return try read(0..<Int(size))
    }

    func read(_ range: Range<Int>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + count }, range.count - count, off_t(range.lowerBound + count))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw SpoolError.broken("\(path) cannot be read: \(got == 0 ? "it is shorter than it was" : Self.reason)") }
            count += got
        }
        return bytes
    }

    /// Appends the bytes and waits for the disk. When that fails, nothing of them stays.
    func append(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let (number, reason) = (errno, Self.reason)
                try cut(to: end)
                throw [ENOSPC, EDQUOT, EFBIG].contains(number)
                    ? SpoolError.full("the disk of \(path) is full") : SpoolError.broken("\(path) cannot be written: \(reason)")
            }
            rest = rest.dropFirst(count)
        }
        guard fdatasync(descriptor) == 0 else {
            let reason = Self.reason
            try cut(to: end)
            throw SpoolError.broken("\(path) cannot be written to the disk: \(reason)")
        }
        end += bytes.count
    }

    /// Makes this the end of the file, durably.
    func cut(to size: Int) throws {
        guard ftruncate(descriptor, off_t(size)) == 0, fdatasync(descriptor) == 0 else {
            throw SpoolError.broken("\(path) cannot be shortened: \(Self.reason)")
        }
        end = size
    }

    /// Takes the records up to here as read.
    func setEnd(_ size: Int) { end = size }

    /// A file is there after a crash only when its directory says so.
    private static func syncDirectory(of path: String) throws {
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { throw SpoolError.broken("the directory of \(path) cannot be opened: \(reason)") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SpoolError.broken("the directory of \(path) cannot be written: \(reason)") }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
