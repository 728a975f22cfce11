import Crypto
import Domain
import Foundation
import Storage

/// One log's file, open for appending. Not shared: it belongs to the thread of its shard.
struct LogFile: ~Copyable {
    private let descriptor: CInt
    private(set) var size: Int64
    /// The digest of all bytes so far; nil when the file had bytes before it was opened.
    private var running: SHA256?

    /// Opens the file, or makes it. Its size on disk is the truth: whatever a crash left is what the log has.
    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw StoreError.unavailable(diskError("open the log file \(path)", errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw StoreError.unavailable(diskError("read the size of the log file \(path)", code))
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
        running = size == 0 ? SHA256() : nil
    }

    deinit {
        close(descriptor)
    }

    /// Writes at the end and waits until the disk has it. When it cannot, the file is cut back to what it was.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written, off_t(size) + off_t(written))
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                try cutBack(doing: "append to a log", count == 0 ? ENOSPC : errno)
            }
        }
        if fdatasync(descriptor) != 0 { try cutBack(doing: "flush a log to the disk", errno) }
        running?.update(data: bytes)
        size += Int64(bytes.count)
    }

    private func cutBack(doing what: String, _ code: CInt) throws {
        // If this fails too, the torn tail stays: the next opening takes it for the log, and the digest at the end decides.
        _ = ftruncate(descriptor, off_t(size))
        throw StoreError.unavailable(diskError(what, code))
    }

    /// SHA-256 of the whole file, in hexadecimal; read again only when it was not followed from the first byte.
    mutating func digest() throws -> String {
        if let running { return running.finalize().hexadecimal }
        var hash = SHA256()
        var offset: Int64 = 0
        while offset < size {
            let part = try read(at: offset, limit: 1 << 20)
            guard !part.isEmpty else { break }
            hash.update(data: part)
            offset += Int64(part.count)
        }
        running = hash
        return hash.finalize().hexadecimal
    }

    func read(at offset: Int64, limit: Int) throws -> [UInt8] {
        try readBytes(descriptor, at: offset, limit: limit)
    }
}

/// At most `limit` bytes of an open file from `offset`; empty at its end.
func readBytes(_ descriptor: CInt, at offset: Int64, limit: Int) throws -> [UInt8] {
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
        while filled < limit {
            let count = pread(descriptor, buffer.baseAddress?.advanced(by: filled), limit - filled, off_t(offset) + off_t(filled))
            if count > 0 {
                filled += count
            } else if count == 0 {
                return
            } else if errno != EINTR {
                failure = errno
                return
            }
        }
    }
    guard failure == 0 else { throw StoreError.unavailable(diskError("read a log", failure)) }
    return bytes
}

/// What a person can do about a failed file call.
func diskError(_ what: String, _ code: CInt) -> String {
    let reason = String(cString: strerror(code))
    return switch code {
    case ENOSPC, EDQUOT: "could not \(what): the disk of the data directory is full (\(reason)); free some space, it goes on by itself"
    case EMFILE, ENFILE: "could not \(what): too many files are open (\(reason)); raise the limit of open files"
    default: "could not \(what): \(reason)"
    }
}
