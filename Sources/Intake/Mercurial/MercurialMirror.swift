import Domain
import Foundation

/// What a poll asks of hg: the remote's changesets, and what they say.
struct MercurialMirror: Sendable {
    /// A repository of this source's own, without files.
    let path: String
    let remote: String
    let command: MercurialCommand

    struct Commit: Hashable, Sendable {
        var revision: String
        var parents: [String]
        var branch: String
        var author: String
        var made: Timestamp?
        var comments: String
        var files: [String]
    }

    private static let mostHeads = 2000
    private static let mostBranches = 10_000
    private static let none = String(repeating: "0", count: 40)

    /// Brings what is new on the remote here.
    func pull() async throws {
        if !FileManager.default.fileExists(atPath: path + "/.hg") {
            try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            _ = try await command.run(["init", "--", path])
        }
        // Nobody else has this repository: what a process left that was killed is in nobody's use.
        for lock in ["store/lock", "wlock"] { unlink("\(path)/.hg/\(lock)") }
        if FileManager.default.fileExists(atPath: path + "/.hg/store/journal") { _ = try await command.run(["--repository", path, "recover"]) }
        _ = try await command.run(["--repository", path, "pull", "--quiet", "--", remote])
    }

    /// The newest changeset of each branch that is open.
    func tips() async throws -> [String: String] {
        let output = try await command.run(["--repository", path, "branches", "--template", "{branch}\\0{node}\\0"])
        let words = output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        var tips: [String: String] = [:]
        for place in stride(from: 0, to: words.count - 1, by: 2) where Self.isRevision(words[place + 1]) { tips[words[place]] = words[place + 1] }
        guard tips.count <= Self.mostBranches else { throw GitFailure("the repository has more than \(Self.mostBranches) branches") }
        return tips
    }

    /// The changesets that no other has for its parent, of branches that are closed too.
    func heads() async throws -> [String] {
        let output = try await command.run(["--repository", path, "log", "--rev", "heads(all())", "--template", "{node}\n"])
        let heads = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init).filter(Self.isRevision)
        guard heads.count <= Self.mostHeads else { throw GitFailure("the repository has more than \(Self.mostHeads) heads") }
        return heads
    }

    /// The first changesets, oldest first, that lead to none of these heads.
    func news(since known: [String], most: Int) async throws -> [Commit] {
        // A head that was stripped from the remote, and is not here since the mirror was lost, leads to nothing.
        let before = known.filter(Self.isRevision).map { "present(\($0))" }.joined(separator: "+")
        return try await bounded(revset: before.isEmpty ? "sort(all(), rev)" : "sort(all() - ::(\(before)), rev)", most: most)
    }

    /// What these changesets say, oldest first.
    func describe(_ revisions: [String]) async throws -> [Commit] {
        var commits: [Commit] = []
        for start in stride(from: 0, to: revisions.count, by: 200) {
            let some = revisions[start..<min(start + 200, revisions.count)].filter(Self.isRevision)
            commits += try await bounded(revset: "sort(\(some.joined(separator: "+")), rev)", most: some.count)
        }
        return commits
    }

    /// Changesets that together say more than is taken at once are asked for in smaller groups; of one that does by itself, files and message are left out, so
    /// that it holds up nobody.
    private func bounded(revset: String, most: Int) async throws -> [Commit] {
        do {
            return try await log(revset, most, whole: true)
        } catch let failure as GitFailure where failure.isTooMuch {
            guard most > 1 else {
                return try await log(revset, 1, whole: false).map { commit in
                    var commit = commit
                    commit.comments += "(The changeset is too large to be read: its message and its files are not listed.)"
                    return commit
                }
            }
            return try await bounded(revset: revset, most: most / 2)
        }
    }

    private func log(_ revset: String, _ most: Int, whole: Bool) async throws -> [Commit] {
        // Random, so that nobody can have written it into a message.
        let mark = ChainID.random().rawValue
        let text = whole ? "{desc}\\0{files % \"{file}\\0\"}" : "\\0"
        let output = try await command.run([
            "--repository", path, "log", "--rev", revset, "--limit", String(most), "--template",
            "\(mark)\\0{node}\\0{p1node}\\0{p2node}\\0{branch}\\0{author}\\0{date|hgdate}\\0\(text)",
        ])
        return Self.parse(output, mark: mark)
    }

    /// Fields end in NUL; a record begins with the mark.
    static func parse(_ output: [UInt8], mark: String) -> [Commit] {
        let fields = output.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        let starts = fields.indices.filter { fields[$0] == mark }
        return zip(starts, starts.dropFirst() + [fields.count]).compactMap { start, end in
            let words = Array(fields[start..<end].dropFirst())
            guard words.count >= 7, isRevision(words[0]) else { return nil }
            let seconds = words[5].split(separator: " ").first.flatMap { Double($0) }
            return Commit(
                revision: words[0], parents: words[1...2].filter { $0 != none }, branch: words[3], author: words[4],
                made: seconds.flatMap { (0...253_402_300_799).contains($0) ? Timestamp(seconds: $0) : nil },
                comments: words[6].trimmingCharacters(in: .whitespacesAndNewlines), files: words.dropFirst(7).filter { !$0.isEmpty })
        }
    }

    /// Forty digits, and none of the two that hg means itself by.
    static func isRevision(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
            && Set(text.utf8).count > 1
    }
}
