import Domain
import Foundation

/// How far a Mercurial source has been read: the heads of everything that was. Kept in the store as JSON.
struct MercurialPosition: Hashable, Sendable, Codable {
    var version = 1
    var heads: [String]

    init(heads: [String]) { self.heads = heads.sorted() }

    /// - Throws: for a position that a newer version wrote.
    init(text: String) throws {
        self = try JSONDecoder().decode(MercurialPosition.self, from: Data(text.utf8))
        guard version == 1 else { throw GitFailure("the position of this source was written by a newer version") }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The position when these have been read too; parents stand before their children. Pure.
    func after(_ commits: [MercurialMirror.Commit]) -> MercurialPosition {
        var heads = Set(heads)
        for commit in commits {
            heads.subtract(commit.parents)
            heads.insert(commit.revision)
        }
        return MercurialPosition(heads: Array(heads))
    }
}
