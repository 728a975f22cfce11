import Domain
import Foundation

/// What a poll asks of git: the remote's refs, their objects, and what the commits say.
struct GitMirror: Sendable {
    /// A bare repository of this source's own.
    let path: String
    let remote: String
    let command: GitCommand

    struct Commit: Hashable, Sendable {
        var revision: String
        var author: String
        var made: Timestamp?
        var comments: String
        var files: [String]
    }

    /// Refs of one answer that are looked at.
    private static let mostRefs = 50_000
    private static let longestRef = 400

    /// Every branch and tag of the remote by its full name; annotated tags stand for the commit they name.
    func remoteRefs(tags: Bool) async throws -> [String: String] {
        let arguments = ["ls-remote", "--heads"] + (tags ? ["--tags"] : []) + ["--", remote]
        let text = String(decoding: try await command.run(arguments), as: UTF8.self)
        var refs: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "\t", maxSplits: 1)
            guard words.count == 2, Self.isRevision(words[0]) else { continue }
            var name = String(words[1])
            if name.hasSuffix("^{}") { name.removeLast(3) }
            guard name.utf8.count <= Self.longestRef, name.hasPrefix("refs/heads/") || name.hasPrefix("refs/tags/") else { continue }
            // The peeled line of an annotated tag follows the tag's own, and wins.
            refs[name] = String(words[0])
            guard refs.count <= Self.mostRefs else { throw GitFailure("the remote has more than \(Self.mostRefs) refs") }
        }
        return refs
    }

    /// Brings the objects of these refs here, under names of our own; what is not on the remote any more is kept until git forgets it.
    func fetch(_ refs: [String]) async throws {
        if !FileManager.default.fileExists(atPath: path + "/HEAD") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            _ = try await command.run(["init", "--quiet", "--bare", "--", path])
        }
        let specifications = refs.map { "+\($0):refs/doorbell/\($0.dropFirst("refs/".count))\n" }.joined()
        _ = try await command.run(
            ["--git-dir", path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--stdin", "--", remote],
            input: Array(specifications.utf8))
    }

    func has(_ revision: String) async -> Bool {
        guard Self.isRevision(revision[...]), FileManager.default.fileExists(atPath: path + "/HEAD") else { return false }
        return (try? await command.run(["--git-dir", path, "cat-file", "-e", "\(revision)^{commit}"])) != nil
    }

    /// The commits that lead to `to` and not to any of the others, oldest first.
    func commits(to: String, notFrom known: [String]) async throws -> [String] {
        let input = ([to] + known.map { "^\($0)" }).joined(separator: "\n") + "\n"
        let output = try await command.run(
            ["--git-dir", path, "rev-list", "--reverse", "--topo-order", "--stdin"], input: Array(input.utf8))
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What these commits say, in the order given. Merges list what they change against their first parent.
    func describe(_ revisions: [String]) async throws -> [Commit] {
        guard !revisions.isEmpty else { return [] }
        let output = try await command.run(
            [
                "--git-dir", path, "-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8", "log",
                "--no-walk=unsorted", "--stdin", "-z", "--name-only", "--no-renames", "--diff-merges=first-parent",
                "--format=%H%x00%an <%ae>%x00%at%x00%B%x00",
            ], input: Array((revisions.joined(separator: "\n") + "\n").utf8))
        return try Self.parse(output, revisions)
    }

    /// Fields end in NUL, which neither messages nor file names can hold; a record ends where the next expected revision stands.
    static func parse(_ output: [UInt8], _ revisions: [String]) throws -> [Commit] {
        let fields = output.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        var commits: [Commit] = []
        var place = 0
        for (index, revision) in revisions.enumerated() {
            guard place + 4 < fields.count, fields[place] == revision else { throw GitFailure("git log answered in a form that is not understood") }
            let next = index + 1 < revisions.count ? revisions[index + 1] : nil
            var commit = Commit(
                revision: revision, author: fields[place + 1], made: Int64(fields[place + 2]).map { Timestamp(seconds: Double($0)) },
                comments: fields[place + 3].trimmingCharacters(in: .newlines), files: [])
            place += 4
            while place < fields.count, fields[place] != next {
                let name = fields[place].hasPrefix("\n") ? String(fields[place].dropFirst()) : fields[place]
                if !name.isEmpty { commit.files.append(name) }
                place += 1
            }
            commits.append(commit)
        }
        return commits
    }

    static func isRevision(_ text: Substring) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }
}
