import Domain
import Foundation
import Storage

/// Reads secrets, on a thread of its own: a file may lie where reading it takes long.
actor SecretReader {
    private nonisolated let thread = ThreadExecutor(name: "doorbell-secrets")

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func read(_ secret: Secret) throws(SecretFault) -> [UInt8] { try SecretPlace.read(secret) }
}

/// Why a secret cannot be given. Says its name and its place, never what is there.
public struct SecretFault: Error, CustomStringConvertible {
    public var description: String
}

/// Where this process finds secrets: they are read at each use, so that a new one needs no restart.
public enum SecretPlace {
    /// What no secret is longer than.
    public static let mostBytes = 64 << 10
    /// A shorter one could not be kept out of logs: whatever holds it would be masked.
    public static let fewestBytes = 4

    /// Blocks.
    public static func read(_ secret: Secret) throws(SecretFault) -> [UInt8] {
        let found: [UInt8]
        switch secret.place {
        case .file(let path): found = try read(path, of: secret)
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw SecretFault(description: "the secret \(secret.name) is not there: there is no variable \(name)")
            }
            found = Array(value.utf8)
        }
        guard found.count <= mostBytes else {
            throw SecretFault(description: "the secret \(secret.name) is longer than \(mostBytes) bytes")
        }
        guard found.filter({ !$0.isLineEnd }).count >= fewestBytes else {
            throw SecretFault(description: "the secret \(secret.name) is shorter than \(fewestBytes) bytes, and could not be kept out of logs")
        }
        return found
    }

    private static func read(_ path: String, of secret: Secret) throws(SecretFault) -> [UInt8] {
        // A pipe without a writer would hold it up for ever.
        let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            throw SecretFault(
                description: "the secret \(secret.name) is not there: \(path) cannot be read (\(String(cString: strerror(errno))))")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SecretFault(description: "the secret \(secret.name) is not there: \(path) is no file")
        }
        var bytes = [UInt8](repeating: 0, count: mostBytes + 1)
        var size = 0
        while size < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress?.advanced(by: size), $0.count - size) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw SecretFault(
                    description: "the secret \(secret.name) is not there: \(path) cannot be read (\(String(cString: strerror(errno))))")
            }
            if count == 0 { break }
            size += count
        }
        return Array(bytes[..<size])
    }
}

extension UInt8 {
    fileprivate var isLineEnd: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}
