import Crypto
import Domain
import Foundation

/// The Mercurial side of a checkout: a copy of the repository on the worker's disk, and the files of one revision in a build's directory.
struct MercurialCopy: Sendable {
    /// The copy, without files, which builds of this repository share.
    let mirror: String
    let address: RepositoryAddress
    let hg: GitCommands
    let disk: WorkThread

    static func path(of address: RepositoryAddress, in directory: String) -> String {
        directory + "/" + SHA256.hash(data: Array(address.text.utf8)).prefix(16).hexadecimal + ".hg"
    }

    /// The full revision to check out, which is in the copy when this returns.
    func provide(_ stamp: SourceStamp) async throws -> String {
        guard address.transport != .git, address.text.hasPrefix("/") || address.text.contains("://") else {
            throw GitFailure.impossible("“\(address.text.prefix(200))” is no address that hg knows: https, http, ssh, file, or an absolute path")
        }
        try await prepare()
        guard let wanted = stamp.revision else {
            guard try await pull() else { throw GitFailure.impossible("hg could not pull from \(address.text); its message is in the log") }
            return try await tip(of: stamp.branch.isEmpty ? "default" : stamp.branch)
        }
        guard Self.isRevision(wanted) else {
            throw GitFailure.impossible(
                "the revision “\(wanted.prefix(80))” is not a changeset id of 40 hexadecimal digits, nor the first 12 of one")
        }
        if let found = try await full(wanted) { return found }
        let pulled = try await pull()
        if let found = try await full(wanted) { return found }
        guard pulled else { throw GitFailure.impossible("hg could not pull from \(address.text); its message is in the log") }
        throw GitFailure.impossible("the revision \(wanted) does not exist in \(address.text)")
    }

    /// Fills a directory with a revision that is in the copy.
    func fill(_ path: String, with revision: String, mode: StepRecipe.Checkout.Mode) async throws {
        do {
            try await attempt(path, revision, mode)
        } catch GitFailure.command(let result, _) where result.interruption == nil {
            // What an earlier build left may be beyond repair; the copy is not, so a new start is cheap.
            try hg.say("starting again with an empty directory")
            try await disk.run {
                for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                    try FileManager.default.removeItem(atPath: path + "/" + name)
                }
            }
            try await attempt(path, revision, mode)
        }
    }

    private func attempt(_ path: String, _ revision: String, _ mode: StepRecipe.Checkout.Mode) async throws {
        let isThere = try await disk.run {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            var status = stat()
            if lstat(path + "/.hg", &status) == 0, status.st_mode & S_IFMT != S_IFDIR { unlink(path + "/.hg") }
            Self.removeStaleLocks(path)
            return FileManager.default.fileExists(atPath: path + "/.hg/requires")
        }
        if !isThere { try await hg.run(["init", "--", path], in: path, doing: "make a working directory") }
        // Only what is not there yet comes; what a build commits stays in its own directory.
        try await hg.run(["--repository", path, "pull", "--quiet", "--rev", revision, "--", mirror], in: path, doing: "bring \(revision) here")
        try await hg.run(["--repository", path, "update", "--quiet", "--clean", "--rev", revision], in: path, doing: "check out \(revision)")
        if mode == .clean {
            try await hg.run(["--repository", path, "--config", "extensions.purge=", "purge", "--all"], in: path, doing: "clean the directory")
        }
        try hg.say("at \(revision)")
    }

    private func prepare() async throws {
        let mirror = mirror
        let (isThere, isTorn) = try await disk.run {
            Self.removeStaleLocks(mirror)
            let files = FileManager.default
            return (files.fileExists(atPath: mirror + "/.hg/requires"), files.fileExists(atPath: mirror + "/.hg/store/journal"))
        }
        if !isThere { try await hg.run(["init", "--", mirror], in: "/", doing: "make a copy of \(address.text)") }
        if isTorn { try await hg.run(["--repository", mirror, "recover"], in: "/", doing: "mend its copy of \(address.text)") }
    }

    /// The full id of a changeset that is here; nil when it is not, or when more than one begins so.
    private func full(_ revision: String) async throws -> String? {
        try await changeset("id(\(revision.lowercased()))", doing: "look for the revision").flatMap { $0.hasPrefix(revision.lowercased()) ? $0 : nil }
    }

    private func tip(of branch: String) async throws -> String {
        guard !branch.contains(where: { "'\"\\".contains($0) || $0.isNewline }), branch.utf8.count <= 400 else {
            throw GitFailure.impossible("“\(branch.prefix(200))” is not the name of a branch that can be asked for")
        }
        guard let found = try await changeset("max(branch('literal:\(branch)'))", doing: "look for the branch") else {
            throw GitFailure.impossible("the branch “\(branch)” does not exist in \(address.text)")
        }
        return found
    }

    private func changeset(_ revset: String, doing: String) async throws -> String? {
        try await hg.line(["--repository", mirror, "log", "--rev", revset, "--template", "{node}\n"], in: "/", doing: doing)
            .flatMap { Self.isRevision($0) ? $0 : nil }
    }

    /// False when hg failed by itself: the message is in the log.
    private func pull() async throws -> Bool {
        try hg.say("pulling from \(address.text)")
        return try await hg.succeeds(
            ["--repository", mirror, "pull", "--quiet", "--", address.text], in: "/", doing: "pull from \(address.text)", output: hg.output)
    }

    /// A whole changeset id, or the twelve digits and more of one; none of the two by which hg means something else.
    static func isRevision(_ text: String) -> Bool {
        (12...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
            } && Set(text.utf8).count > 1
    }

    /// Locks of an hg that was killed; whoever is here knows that none is alive.
    private static func removeStaleLocks(_ path: String) {
        for lock in ["store/lock", "wlock"] { unlink("\(path)/.hg/\(lock)") }
    }
}
