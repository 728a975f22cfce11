import Domain
import Foundation

/// How far a list has been read. Kept in the store as JSON.
struct JSONPosition: Hashable, Sendable, Codable {
    var version = 1
    /// Of the address and the mapping that it was read with.
    var reading: String
    var validators = JSONValidators()
    /// Items that were changes, or older than the first look; those of the last reading at the end.
    var seen: [String] = []

    /// Several times what one reading may hold, so that an item which comes back after others were taken off the list is known.
    private static let mostSeen = 4000

    init(reading: String) { self.reading = reading }

    /// - Throws: for a position that a newer version wrote.
    init(text: String) throws {
        self = try JSONDecoder().decode(JSONPosition.self, from: Data(text.utf8))
        guard version == 1 else { throw JSONFailure("the position of this source was written by a newer version") }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// What of a reading becomes changes, and where that leads. Pure.
    ///
    /// - Parameters:
    ///   - items: oldest first, each with a key.
    ///   - first: nothing was ever read before.
    func step(_ items: [NewChange], reading: String, first: Bool) -> (changes: [NewChange], next: JSONPosition, isGap: Bool) {
        var known = Set(seen)
        let overlaps = items.contains { known.contains(Self.mark($0)) }
        // Read by another mapping, items may have other keys: none of them is known then.
        let isFirst = first || (reading != self.reading && !seen.isEmpty && !overlaps)
        var news = items.filter { known.insert(Self.mark($0)).inserted }
        // The first look: the newest of each branch, and nothing of its past.
        if isFirst { news = Self.newest(news) }
        let marks = items.map(Self.mark)
        let present = Set(marks)
        var next = self
        next.reading = reading
        var listed: Set<String> = []
        next.seen = (seen.filter { !present.contains($0) } + marks.filter { listed.insert($0).inserted }).suffix(Self.mostSeen)
        return (news, next, !isFirst && !overlaps && !seen.isEmpty && !items.isEmpty)
    }

    /// The last of each branch, in their order.
    private static func newest(_ items: [NewChange]) -> [NewChange] {
        var branches: Set<[String]> = []
        return items.reversed().filter { branches.insert([$0.repository, $0.branch]).inserted }.reversed()
    }

    /// Short: the end of a key, which is a digest.
    private static func mark(_ change: NewChange) -> String { String((change.dedupeKey ?? "").suffix(24)) }
}
