/// A binding key as AMQP topic exchanges read it: words between dots, `*` for exactly one word, `#` for any number of them.
public struct TopicPattern: Hashable, Sendable {
    private let words: [Substring]

    /// What AMQP carries as a key.
    public static let longest = 255

    /// Nil for patterns that no broker would take: empty, or longer than 255 bytes.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
        words = text.split(separator: ".", omittingEmptySubsequences: false)
    }

    /// Linear in the product of the words: the set of places in the pattern that the key read so far can have led to.
    public func matches(_ key: String) -> Bool {
        matches(key.split(separator: ".", omittingEmptySubsequences: false).map { $0 })
    }

    /// Whether some key of these words matches; nil stands for a word that is not known.
    public func matches(_ key: [Substring?]) -> Bool {
        var places = Set<Int>()
        func add(_ place: Int, to places: inout Set<Int>) {
            guard places.insert(place).inserted, place < words.count, words[place] == "#" else { return }
            add(place + 1, to: &places)
        }
        add(0, to: &places)
        for word in key {
            var next = Set<Int>()
            for place in places where place < words.count {
                if words[place] == "#" {
                    add(place, to: &next)
                } else if words[place] == "*" || word == nil || words[place] == word {
                    add(place + 1, to: &next)
                }
            }
            if next.isEmpty { return false }
            places = next
        }
        return places.contains(words.count)
    }
}
