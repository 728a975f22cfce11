import Domain
import Foundation
import Storage

/// A directory of dropped files, on the disk. A file is moved into `.doorbell/` before it is read, where nobody writes any more, and from there to `done/` or
/// `bad/`. Every file is one name in a directory that is open, so that no link leads elsewhere.
actor DropDirectory {
    struct File: Sendable {
        var name: String
        /// When it was last written, in nanoseconds since 1970: moving it does not change that.
        var written: Int64
        var bytes: [UInt8]
    }

    enum Content: Sendable {
        case file(File)
        /// It can be no changes, and why.
        case bad(String)
        case gone
    }

    static let largest = 8 << 20
    /// Room for what is added to it.
    private static let longestName = 230
    private static let mostAside = 1000
    private static let (held, done, bad) = (".doorbell", "done", "bad")
    private static let reason = ".reason"

    // Blocking calls have a thread of their own.
    private let executor = ThreadExecutor(name: "doorbell.directory")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private var top: OpenDirectory?
    private var folders: [String: OpenDirectory] = [:]
    private var lock: Int32 = -1
    /// Of the last reading: names that cannot be taken.
    private var unfit: String?

    init(path: String) { self.path = path }

    /// Opens the directory and holds it against every other process. False while another has it: that one finds what is new.
    func open() throws -> Bool {
        close()
        let top = try OpenDirectory(path)
        var folders: [String: OpenDirectory] = [:]
        for name in [Self.held, Self.done, Self.bad] { folders[name] = try top.made(name) }
        let file = openat(folders[Self.held]?.descriptor ?? -1, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DirectoryFailure("\(path)/\(Self.held)/.lock cannot be opened") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let failure = DirectoryFailure("\(path)/\(Self.held)/.lock cannot be locked")
            _ = Foundation.close(file)
            if isTaken { return false }
            throw failure
        }
        (self.top, self.folders, lock) = (top, folders, file)
        return true
    }

    func close() {
        if lock >= 0 { _ = Foundation.close(lock) }
        (top, folders, lock) = (nil, [:], -1)
    }

    func identity() throws -> DirectoryIdentity { try opened().identity() }

    func watch(_ identity: DirectoryIdentity, wake: @escaping @Sendable () -> Void) -> DirectoryWatch? {
        top.flatMap { DirectoryWatch($0.descriptor, identity: identity, wake: wake) }
    }

    /// The first names of files that were dropped, in their order.
    func names(most: Int) throws -> [String] {
        let (names, refused) = try opened().names(first: most, longest: Self.longestName) { name in
            !name.hasPrefix(".") && !name.hasSuffix(".tmp")
        }
        unfit = refused == 0 ? nil : "\(refused) files have names that are no UTF-8 or longer than \(Self.longestName) bytes, and stay where they are"
        return names
    }

    /// Files that were held when a process ended.
    func begun() throws -> [String] {
        try folder(Self.held).names(first: Self.mostAside, longest: 255) { !$0.hasPrefix(".") }.names
    }

    /// Holds a file; false when it is gone, or a directory.
    func begin(_ name: String) throws -> Bool {
        let top = try opened()
        guard try top.isFile(name) else { return false }
        return try top.move(name, to: folder(Self.held), as: name)
    }

    func read(_ name: String) throws -> Content {
        let descriptor = openat(try folder(Self.held).descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return .gone
            case ELOOP: return .bad("it is a symbolic link, which is not followed")
            case EACCES, EPERM: return .bad("the intake may not read it")
            case ENXIO, ENODEV: return .bad("it is no regular file")
            default: throw DirectoryFailure("\(path)/\(Self.held)/\(name) cannot be opened")
            }
        }
        defer { _ = Foundation.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DirectoryFailure("\(path)/\(Self.held)/\(name) cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else { return .bad("it is no regular file") }
        guard let bytes = try contents(of: descriptor, name) else {
            return .bad("it has more than \(Self.largest) bytes, which is the most that is read")
        }
        return .file(File(name: name, written: status.written, bytes: bytes))
    }

    /// Moves what was accepted out of the way.
    func finish(_ name: String, keeping: Bool) throws {
        let held = try folder(Self.held)
        if keeping { try held.move(name, to: folder(Self.done), as: folder(Self.done).freeName(name)) } else { try held.remove(name) }
    }

    /// Moves a file to `bad/`, with the reason beside it.
    func setAside(_ name: String, reason: String) throws {
        let bad = try folder(Self.bad)
        let free = try bad.freeName(name)
        try bad.write(reason + "\n", to: free + Self.reason)
        try folder(Self.held).move(name, to: bad, as: free)
    }

    /// What a person has to look after; nil when nothing.
    func complaint() throws -> String? {
        let bad = try folder(Self.bad)
        let names = try bad.names(first: Self.mostAside, longest: 255) { !$0.hasPrefix(".") && !$0.hasSuffix(Self.reason) }.names
        guard !names.isEmpty else { return unfit }
        let newest = try names.max { try bad.written($0 + Self.reason) < bad.written($1 + Self.reason) } ?? ""
        let reason = bad.text(of: newest + Self.reason, most: 300) ?? "nobody says why"
        let count = names.count == 1 ? "a file lies" : "\(names.count)\(names.count == Self.mostAside ? " or more" : "") files lie"
        let text = "\(count) in \(path)/bad, the newest \(newest): \(reason); mend it and move it back, or remove it"
        return DirectoryFailure.plain(unfit.map { "\(text); \($0)" } ?? text)
    }

    /// Nil when there is more than is taken.
    private func contents(of descriptor: Int32, _ name: String) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DirectoryFailure("\(path)/\(Self.held)/\(name) cannot be read") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > Self.largest { return nil }
        }
    }

    private func opened() throws -> OpenDirectory {
        guard let top else { throw DirectoryFailure("\(path) is not open", number: 0) }
        return top
    }

    private func folder(_ name: String) throws -> OpenDirectory {
        guard let folder = folders[name] else { throw DirectoryFailure("\(path)/\(name) is not open", number: 0) }
        return folder
    }
}
