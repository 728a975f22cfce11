import Foundation

/// A directory that is open: whatever is done to its files is done to names in it, wherever its path leads by now. Every call blocks; one caller at a time.
final class OpenDirectory {
    let descriptor: Int32
    private let path: String

    /// - Throws: `DirectoryFailure`.
    convenience init(_ path: String) throws {
        try self.init(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path)
    }

    private init(_ descriptor: Int32, _ path: String) throws {
        guard descriptor >= 0 else { throw DirectoryFailure("the directory \(path) cannot be opened") }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// A directory in this one, made when it is not there; a link is none.
    func made(_ name: String) throws -> OpenDirectory {
        guard mkdirat(descriptor, name, 0o770) == 0 || errno == EEXIST else { throw DirectoryFailure("\(path)/\(name) cannot be made") }
        return try OpenDirectory(openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "\(path)/\(name)")
    }

    func identity() throws -> DirectoryIdentity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DirectoryFailure("the directory \(path) cannot be read") }
        return DirectoryIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
    }

    /// The first names of what is no directory, byte by byte in their order, and how many there are that cannot be taken. However many lie there, memory is bounded.
    func names(first most: Int, longest: Int, where isMeant: (String) -> Bool) throws -> (names: [String], refused: Int) {
        // A position of its own.
        guard let stream = fdopendir(openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            throw DirectoryFailure("the directory \(path) cannot be read")
        }
        defer { closedir(stream) }
        var names: [String] = []
        var refused = 0
        while let entry = readdir(stream) {
            if entry.pointee.d_type == UInt8(DT_DIR) { continue }
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let name = String(validating: bytes, as: UTF8.self), bytes.count <= longest else {
                refused += 1
                continue
            }
            guard isMeant(name) else { continue }
            names.append(name)
            if names.count >= 2 * most + 1000 { names = Self.first(most, of: names) }
        }
        return (Self.first(most, of: names), refused)
    }

    private static func first(_ most: Int, of names: [String]) -> [String] {
        Array(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(most))
    }

    func isFile(_ name: String) throws -> Bool {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw DirectoryFailure("\(path)/\(name) cannot be read") }
            return false
        }
        return status.st_mode & S_IFMT != S_IFDIR
    }

    /// When a file was last written; 0 when it is not there.
    func written(_ name: String) throws -> Int64 {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.written : 0
    }

    /// False when it is gone.
    @discardableResult
    func move(_ name: String, to other: OpenDirectory, as new: String) throws -> Bool {
        if renameat(descriptor, name, other.descriptor, new) == 0 { return true }
        guard errno == ENOENT else { throw DirectoryFailure("\(path)/\(name) cannot be moved to \(other.path)") }
        return false
    }

    func remove(_ name: String) throws {
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else { throw DirectoryFailure("\(path)/\(name) cannot be removed") }
    }

    /// The name, or one that begins with it, of which nothing is here.
    func freeName(_ name: String) throws -> String {
        for number in 1...100_000 {
            let candidate = number == 1 ? name : "\(name).\(number)"
            if faccessat(descriptor, candidate, F_OK, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT { return candidate }
        }
        throw DirectoryFailure("\(path) has too many files called \(name)", number: 0)
    }

    func write(_ text: String, to name: String) throws {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw DirectoryFailure("\(path)/\(name) cannot be written") }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Foundation.write(file, bytes, bytes.count) == bytes.count else { throw DirectoryFailure("\(path)/\(name) cannot be written") }
    }

    /// The beginning of a small file, without the end of its line; nil when it cannot be read.
    func text(of name: String, most: Int) -> String? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: most)
        let count = read(file, &bytes, most)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }
}

/// Which directory it is, whatever its path.
struct DirectoryIdentity: Hashable, Sendable {
    var device: UInt64
    var number: UInt64
}

/// What the operating system did not do; one line for people, without control characters.
struct DirectoryFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    /// - Parameter number: an `errno`; 0 for none.
    init(_ text: String, number: Int32 = errno) {
        description = Self.plain(number == 0 ? text : "\(text): \(String(cString: strerror(number)))")
    }

    static func plain(_ text: String) -> String {
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
    }
}

extension stat {
    /// When it was last written, in nanoseconds since 1970.
    var written: Int64 {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
