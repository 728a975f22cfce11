import Domain
import Foundation
import Storage

/// Reads secrets, on a thread of its own: a file may lie where reading it takes long.
actor SecretReader {
    private nonisolated let thread = ThreadExecutor(name: "doorbell-secrets")

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Nil: whatever this process may read.
    private let directory: String?

    init(directory: String? = nil) {
        self.directory = directory
    }

    func read(_ secret: Secret) throws(SecretFault) -> [UInt8] { try SecretPlace.read(secret, within: directory) }
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

    /// Variables so named are there to be given away, whatever else begins as Doorbell's own do.
    public static let variablePrefix = "DOORBELL_SECRET_"
    /// What the kernel tells of processes, this one's variables and memory among it, and of devices.
    private static let forbidden = ["/proc", "/sys", "/dev"]

    /// Blocks. With a directory only files beneath it are read, and variables that are there for it.
    public static func read(_ secret: Secret, within directory: String?) throws(SecretFault) -> [UInt8] {
        let found: [UInt8]
        switch secret.place {
        case .file(let path): found = try read(path, of: secret, within: directory)
        case .environment(let name):
            guard name.hasPrefix(variablePrefix) || directory == nil && !name.hasPrefix("DOORBELL_") else {
                throw SecretFault(description: "the secret \(secret.name) is not given: only variables named \(variablePrefix)… are, and not \(name)")
            }
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

    /// Where a path leads, when files there may be read.
    private static func checked(_ path: String, of secret: Secret, within directory: String?) throws(SecretFault) -> String {
        guard let real = real(path) else {
            throw SecretFault(
                description: "the secret \(secret.name) is not there: \(path) cannot be read (\(String(cString: strerror(errno))))")
        }
        guard !forbidden.contains(where: { real == $0 || real.hasPrefix($0 + "/") }) else {
            throw SecretFault(description: "the secret \(secret.name) is not given: \(path) is no file on a disk")
        }
        guard let directory else { return real }
        guard let bound = Self.real(directory), bound == "/" || real.hasPrefix(bound + "/") else {
            throw SecretFault(description: "the secret \(secret.name) is not given: \(path) is not beneath DOORBELL_SECRETS_DIR, \(directory)")
        }
        return real
    }

    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func read(_ path: String, of secret: Secret, within directory: String?) throws(SecretFault) -> [UInt8] {
        let real = try checked(path, of: secret, within: directory)
        // A pipe without a writer would hold it up for ever.
        let file = open(real, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
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
