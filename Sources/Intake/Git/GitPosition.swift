import Domain
import Foundation

/// How far a git source has been read: where each watched ref stood. Kept in the store as JSON.
struct GitPosition: Hashable, Sendable, Codable {
    struct Ref: Hashable, Sendable, Codable {
        /// The revision whose commits have all become changes.
        var at: String
        /// A longer way that is being gone in batches: its end, and how many of its commits have become changes.
        var toward: String?
        var done: Int?
        /// Where the line of the branch ended when that way was begun; see `MirrorReport`.
        var since: Int64?
    }

    var version = 1
    /// Counts every move of a ref: A, B, A again are three changes.
    var moves: Int64 = 0
    var refs: [String: Ref] = [:]

    init() {}

    /// - Throws: for a position that a newer version wrote.
    init(text: String) throws {
        self = try JSONDecoder().decode(GitPosition.self, from: Data(text.utf8))
        guard version == 1 else { throw GitFailure("the position of this source was written by a newer version") }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// A ref that stands elsewhere than the position says. Pure.
struct RefMove: Hashable, Sendable {
    var ref: String
    /// Nil: the ref is new.
    var from: String?
    var to: String
    /// Commits of this way that have become changes before.
    var done: Int

    var isTag: Bool { ref.hasPrefix("refs/tags/") }

    /// The branch as rules and people name it; tags keep their full name, so that no branch can look like one.
    var branch: String { Self.branch(of: ref) }

    static func branch(of ref: String) -> String { ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : ref }

    /// What moved between a position and the refs of the remote, branches first, each kind by name.
    static func between(_ position: GitPosition, and refs: [String: String]) -> [RefMove] {
        refs.compactMap { ref, revision in
            guard let known = position.refs[ref] else { return RefMove(ref: ref, from: nil, to: revision, done: 0) }
            // A way that was begun is gone to its end first, wherever the ref is by now.
            if let toward = known.toward { return RefMove(ref: ref, from: known.at, to: toward, done: known.done ?? 0) }
            return known.at == revision ? nil : RefMove(ref: ref, from: known.at, to: revision, done: 0)
        }.sorted { ($0.isTag ? 1 : 0, $0.ref) < ($1.isTag ? 1 : 0, $1.ref) }
    }
}
