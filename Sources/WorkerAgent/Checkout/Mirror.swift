import Crypto
import Domain
import Foundation

/// A bare copy of a repository on the worker's disk, fetched into only when what is asked for is missing.
struct Mirror: Sendable {
    let path: String
    let address: RepositoryAddress
    let git: GitCommands
    let disk: WorkThread

    static func path(of address: RepositoryAddress, in directory: String) -> String {
        directory + "/" + SHA256.hash(data: Array(address.text.utf8)).prefix(16).hexadecimal + ".git"
    }

    /// The full revision to check out, which is in the mirror when this returns.
    func provide(_ stamp: SourceStamp) async throws -> String {
        try await prepare()
        guard let wanted = stamp.revision else { return try await tip(of: stamp.branch) }
        guard Self.isRevision(wanted) else {
            throw GitFailure.impossible(
                "the revision “\(wanted.prefix(80))” is not a commit id of 40 or 64 hexadecimal digits, nor the first 12 of one")
        }
        if let found = try await full(wanted) { return found }
        let fetched = try await fetch(heads)
        if let found = try await full(wanted) { return found }
        // No branch leads to it: the head of a pull request is at a ref of its own.
        if fetched, stamp.branch.hasPrefix("refs/"), Self.isProperReference(stamp.branch), try await fetch([stamp.branch]),
            let found = try await full(wanted)
        {
            return found
        }
        // After a force push perhaps: some servers give it by its id.
        if fetched, Self.isFullRevision(wanted), try await fetch([wanted]), let found = try await full(wanted) { return found }
        guard fetched else { throw GitFailure.impossible("git could not fetch from \(address.text); its message is in the log") }
        throw GitFailure.impossible("the revision \(wanted) does not exist in \(address.text)")
    }

    /// A whole commit id, or the twelve digits and more of one that forges tell.
    static func isRevision(_ text: String) -> Bool { isFullRevision(text) || (12..<40).contains(text.utf8.count) && isHexadecimal(text) }

    static func isFullRevision(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64) && isHexadecimal(text)
    }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
    }

    private var heads: [String] { ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"] }

    private func prepare() async throws {
        let path = path
        let isThere = try await disk.run {
            Self.removeStaleLocks(path)
            return FileManager.default.fileExists(atPath: path + "/HEAD")
        }
        if !isThere { try await git.run(["init", "--quiet", "--bare", "--", path], in: "/", doing: "make a mirror of \(address.text)") }
    }

    /// The full id of a commit that is here; nil when it is not, or when more than one begins so.
    private func full(_ revision: String) async throws -> String? {
        guard !Self.isFullRevision(revision) else {
            let isHere = try await git.succeeds(
                ["--git-dir=\(path)", "cat-file", "-e", "\(revision)^{commit}"], in: path, doing: "look for the revision")
            return isHere ? revision : nil
        }
        let found = try await git.line(
            ["--git-dir=\(path)", "rev-parse", "--quiet", "--verify", "--end-of-options", "\(revision)^{commit}"], in: path,
            doing: "look for the revision")
        // A branch may have such a name.
        guard let found, Self.isFullRevision(found), found.hasPrefix(revision.lowercased()) else { return nil }
        return found
    }

    /// False when git failed by itself: the message is in the log.
    private func fetch(_ references: [String]) async throws -> Bool {
        try git.say("fetching from \(address.text)")
        var arguments = ["--git-dir=\(path)", "fetch", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
        if references == heads { arguments.append("--prune") }
        return try await git.succeeds(
            arguments + ["--", address.text] + references, in: path, doing: "fetch from \(address.text)", output: git.output)
    }

    /// The tip of a branch as it is now.
    private func tip(of branch: String) async throws -> String {
        let reference = branch.isEmpty ? "refs/doorbell/head" : branch.hasPrefix("refs/") ? branch : "refs/heads/" + branch
        guard Self.isProperReference(reference) else { throw GitFailure.impossible("“\(branch.prefix(200))” is not the name of a branch") }
        guard try await fetch(branch.isEmpty ? ["+HEAD:\(reference)"] : heads) else {
            throw GitFailure.impossible("git could not fetch from \(address.text); its message is in the log")
        }
        let found = try await git.line(
            ["--git-dir=\(path)", "rev-parse", "--quiet", "--verify", "--end-of-options", "\(reference)^{commit}"], in: path,
            doing: "look for the branch")
        guard let found, Self.isFullRevision(found) else { throw GitFailure.impossible("the branch “\(branch)” does not exist in \(address.text)") }
        return found
    }

    /// Stricter than git-check-ref-format(1) where that costs nobody anything.
    static func isProperReference(_ name: String) -> Bool {
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"~^:?*[\\".utf8.contains($0) }) else { return false }
        guard !name.contains(".."), !name.contains("@{"), !name.contains("//"), !name.hasSuffix("/"), !name.hasSuffix(".") else { return false }
        return name.split(separator: "/").allSatisfy { !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
    }

    /// Locks of a git that was killed; whoever holds the mirror knows that none is alive.
    private static func removeStaleLocks(_ path: String) {
        for folder in ["", "/refs"] {
            guard
                let names = folder.isEmpty
                    ? try? FileManager.default.contentsOfDirectory(atPath: path) : FileManager.default.subpaths(atPath: path + folder)
            else { continue }
            for name in names where name.hasSuffix(".lock") { unlink(path + folder + "/" + name) }
        }
    }
}
