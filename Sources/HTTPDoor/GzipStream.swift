import CZlib
import NIOCore

/// Compresses bytes as they come, in the form of gzip (RFC 1952).
final class GzipStream {
    struct Failure: Error, CustomStringConvertible {
        var status: Int32
        var description: String { "zlib ended with \(status)" }
    }

    /// The fast one: the time of this machine is dearer than the last tenth of the bytes.
    private static let level = Int32(Z_BEST_SPEED)
    private static let piece = 32 << 10

    private let stream: UnsafeMutablePointer<z_stream>

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = doorbell_gzip_begin(stream, Self.level)
        guard status == Z_OK else {
            stream.deallocate()
            throw Failure(status: status)
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The compressed form of what has been taken so far, as far as it is ready.
    func compress(_ buffer: ByteBuffer) throws -> ByteBuffer {
        var output = ByteBuffer()
        // zlib reads the bytes and does not keep the pointer beyond the call; its type says nothing of const.
        try buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(UInt32.max)))
                stream.pointee.next_in = UnsafeMutablePointer(mutating: part.bindMemory(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = UInt32(part.count)
                try drain(Z_NO_FLUSH, into: &output)
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            }
        }
        return output
    }

    /// The rest, and the trailer. Nothing may be compressed after it.
    func finish() throws -> ByteBuffer {
        var output = ByteBuffer()
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
        try drain(Z_FINISH, into: &output)
        return output
    }

    private func drain(_ flush: Int32, into output: inout ByteBuffer) throws {
        var status = Z_OK
        repeat {
            try output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.piece) { space in
                stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(Self.piece)
                status = deflate(stream, flush)
                // "No progress" is what it says when it had nothing left to do.
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw Failure(status: status) }
                return Self.piece - Int(stream.pointee.avail_out)
            }
        } while stream.pointee.avail_out == 0
    }
}
