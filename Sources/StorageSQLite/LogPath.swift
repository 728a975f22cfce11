import Crypto
import Domain
import Foundation
import Storage

/// Where a log's file lies: `<logs>/<build / 1000>/<build>/<name>`.
struct LogPath: Hashable, Sendable {
    private let logs: String
    private let shard: String
    private let build: String
    private let name: String

    init(logs: String, build: BuildID, name: String) {
        self.logs = logs
        shard = String(build.rawValue / 1000)
        self.build = build.description
        self.name = Self.encode(name)
    }

    var file: String { "\(directory)/\(name)" }
    private var directory: String { "\(logs)/\(shard)/\(build)" }

    var exists: Bool { access(file, F_OK) == 0 }

    /// The size on disk; 0 when there is no file.
    var size: Int64 {
        var status = stat()
        return stat(file, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Makes what is missing above the file, and sees to it that a power cut does not take it away again.
    func makeDirectories() throws {
        guard access(directory, F_OK) != 0 else { return }
        for (path, parent) in [("\(logs)/\(shard)", logs), (directory, "\(logs)/\(shard)")] {
            guard mkdir(path, 0o700) != 0 else {
                try flush(parent)
                continue
            }
            guard errno == EEXIST else { throw StoreError.unavailable(diskError("make the directory \(path)", errno)) }
        }
    }

    func flushDirectory() throws { try flush(directory) }

    private func flush(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.unavailable(diskError("open the directory \(path)", errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.unavailable(diskError("flush the directory \(path)", errno)) }
    }

    /// A file name that is the name's own, whatever the name is: no separator, no leading dot, of bounded length, and equal only for equal names.
    static func encode(_ name: String) -> String {
        var encoded = "_"
        for (place, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where place > 0:
                encoded += "."
            default:
                encoded += "%" + [byte].hexadecimal
            }
        }
        encoded.removeFirst()
        if encoded.isEmpty { return "%" }
        guard encoded.utf8.count > 180 else { return encoded }
        // `%%` occurs in no other encoding.
        return encoded.prefix(100) + "%%" + SHA256.hash(data: Array(name.utf8)).hexadecimal
    }
}
