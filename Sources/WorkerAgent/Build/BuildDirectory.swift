import Foundation

/// The directory that a build works in, and the places below it that its steps may name.
struct BuildDirectory: Sendable {
    struct Escape: Error, Hashable {
        var problem: String
    }

    /// Absolute, without symbolic links.
    let path: String

    /// Makes the directory. Blocks.
    init(path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = try Self.real(path)
    }

    /// The absolute path of a place below the directory. Throws when the place is, or by a symbolic link leads, outside. Blocks.
    func resolve(_ place: String) throws -> String {
        if place.isEmpty || place == "." { return path }
        guard !place.hasPrefix("/") else { throw Escape(problem: "the directory “\(place)” must be relative to the build's directory") }
        guard !place.contains("\0"), !place.split(separator: "/").contains("..") else {
            throw Escape(problem: "the directory “\(place)” may not leave the build's directory")
        }
        // Of a place that is not there yet, what exists decides: what is made below it cannot lead out.
        var existing = path + "/" + place
        while existing.utf8.count > path.utf8.count, !Self.isThere(existing) { existing = (existing as NSString).deletingLastPathComponent }
        let target = try Self.real(existing)
        guard target == path || target.hasPrefix(path + "/") else {
            throw Escape(problem: "the directory “\(place)” leads out of the build's directory, to “\(target)”")
        }
        return path + "/" + place
    }

    /// True for a dangling link also.
    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func real(_ path: String) throws -> String {
        guard let resolved = realpath(path, nil) else {
            throw Escape(problem: "the directory “\(path)” cannot be reached: \(StepVerdict.errorText(errno))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
