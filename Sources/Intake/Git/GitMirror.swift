import Crypto
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
        // Named by digest: a branch `a` that was, and a branch `a/b` that is, could not stand beside each other under their own names.
        let specifications = refs.map { "+\($0):refs/doorbell/\(SHA256.hash(data: Data($0.utf8)).hexadecimal)\n" }.joined()
        _ = try await command.run(
            ["--git-dir", path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--stdin", "--", remote],
            input: Array(specifications.utf8))
    }

    /// Those of the revisions that are here and are commits.
    func present(_ revisions: some Sequence<String>) async throws -> Set<String> {
        let asked = revisions.filter { Self.isRevision($0[...]) }
        guard !asked.isEmpty, FileManager.default.fileExists(atPath: path + "/HEAD") else { return [] }
        let output = try await command.run(
            ["--git-dir", path, "cat-file", "--batch-check=%(objecttype) %(objectname)"], input: Array((asked.joined(separator: "\n") + "\n").utf8))
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        return Set(lines.filter { $0.hasPrefix("commit ") }.map { String($0.dropFirst("commit ".count)) })
    }

    /// The commits that lead to `to` and not to any of the others, oldest first.
    func commits(to: String, notFrom known: [String]) async throws -> [String] {
        let input = ([to] + known.map { "^\($0)" }).joined(separator: "\n") + "\n"
        let output = try await command.run(
            ["--git-dir", path, "rev-list", "--reverse", "--topo-order", "--stdin"], input: Array(input.utf8))
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Up to `most` of the commits that lead to one of the two and not to the other.
    func commits(between one: String, and other: String, most: Int) async throws -> [String] {
        let output = try await command.run(
            ["--git-dir", path, "rev-list", "--max-count=\(most)", "--stdin"], input: Array("\(one)...\(other)\n".utf8))
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What these commits say, in the order given. Merges list what they change against their first parent.
    ///
    /// Commits that together say more than is taken at once are asked about in halves; of one that does by itself, files and most of the message are
    /// left out, so that it holds up nobody.
    func describe(_ revisions: [String]) async throws -> [Commit] {
        guard let first = revisions.first else { return [] }
        do {
            return try await describe(revisions, as: "%an <%ae>%x00%at%x00%B", files: true)
        } catch let failure as GitFailure where failure.isTooMuch {
            guard revisions.count > 1 else {
                return try await describe([first], as: "%<(300,trunc)%an%x00%at%x00%<(1000,trunc)%s", files: false).map { commit in
                    var commit = commit
                    commit.comments += "\n\n(The commit is too large to be read as a whole: its files are not listed.)"
                    return commit
                }
            }
            let middle = revisions.count / 2
            return try await describe(Array(revisions[..<middle])) + describe(Array(revisions[middle...]))
        }
    }

    private func describe(_ revisions: [String], as format: String, files: Bool) async throws -> [Commit] {
        // Random, so that nobody can have written it into a file's name.
        let mark = ChainID.random().rawValue
        let output = try await command.run(
            [
                "--git-dir", path, "-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8", "log",
                "--no-walk=unsorted", "--stdin", "-z", "--no-renames", "--diff-merges=first-parent", files ? "--name-only" : "--no-patch",
                "--format=\(mark)%x00%H%x00\(format)%x00",
            ], input: Array((revisions.joined(separator: "\n") + "\n").utf8))
        let commits = Self.parse(output, mark: mark)
        guard commits.map(\.revision) == revisions else { throw GitFailure("git log answered in a form that is not understood") }
        return commits
    }

    /// Fields end in NUL, which neither messages nor file names can hold; a record begins with the mark.
    static func parse(_ output: [UInt8], mark: String) -> [Commit] {
        let fields = output.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        let starts = fields.indices.filter { fields[$0] == mark }
        return zip(starts, starts.dropFirst() + [fields.count]).compactMap { start, end in
            let record = fields[start..<end].dropFirst()
            guard record.count >= 4, let revision = record.first else { return nil }
            let words = Array(record)
            // An empty field and a newline stand between the message and the first name.
            var files = words.dropFirst(4).drop { $0.isEmpty }
            if let name = files.first, name.hasPrefix("\n") { files[files.startIndex] = String(name.dropFirst()) }
            return Commit(
                revision: revision, author: words[1].trimmingCharacters(in: .whitespaces),
                made: Int64(words[2]).map { Timestamp(seconds: Double($0)) },
                comments: words[3].trimmingCharacters(in: .whitespacesAndNewlines), files: files.filter { !$0.isEmpty })
        }
    }

    static func isRevision(_ text: Substring) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }
}
