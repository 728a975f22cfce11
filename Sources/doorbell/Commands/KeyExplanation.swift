import Domain
import Foundation

/// What a routing key, or a pattern of them, says.
struct KeyExplanation {
    private static let names = ["entity", "verb", "project", "branch", "builder", "worker", "outcome", "id"]

    let key: String
    private let words: [Substring]
    private let pattern: TopicPattern

    /// Nil for what is none.
    init?(_ key: String) {
        guard let pattern = TopicPattern(key) else { return nil }
        self.key = key
        self.pattern = pattern
        words = key.split(separator: ".", omittingEmptySubsequences: false)
    }

    private var isPattern: Bool { words.contains { $0 == "*" || $0 == "#" } }

    /// The events that a pattern can match.
    private var events: [EventKind] {
        EventKind.allCases.filter { kind in
            let known: [Substring?] = kind.rawValue.split(separator: ".").map { $0 }
            return pattern.matches(known + Array(repeating: nil, count: Self.names.count - known.count))
        }
    }

    /// What is wrong with a key that no event has; nil when there is nothing to say.
    private var doubt: String? {
        if isPattern { return events.isEmpty ? "no event of this deployment has a key that matches" : nil }
        guard words.count >= Self.names.count else { return "an event's key has eight words, this one has \(words.count): end a pattern with #" }
        let name = words.prefix(2).joined(separator: ".")
        return EventKind(rawValue: name) == nil ? "there is no event \(name)" : nil
    }

    func text(_ consumers: [EventConsumer]) -> String {
        var text = ""
        if isPattern {
            text += "matches: " + (events.isEmpty ? "nothing" : events.map(\.rawValue).joined(separator: ", ")) + "\n"
        } else {
            for (name, word) in zip(Self.names, words) {
                text += Table.printable(name.padding(toLength: 9, withPad: " ", startingAt: 0) + (RoutingKey.value(of: word) ?? "(none)")) + "\n"
            }
        }
        if let doubt { text += Table.printable("note: \(doubt)") + "\n" }
        guard !isPattern else { return text }
        for consumer in consumers {
            let match = consumer.key(for: key)
            let verdict = match.map { "gets it, by \($0)" } ?? "does not get it: none of \(consumer.keys.joined(separator: ", ")) matches"
            text += Table.printable("\(consumer.name) (\(consumer.queue)): \(verdict)") + "\n"
        }
        return text + (consumers.isEmpty ? "the configuration names no consumers\n" : "")
    }

    func document(_ consumers: [EventConsumer]) throws -> String {
        struct Match: Encodable {
            var name, queue: String
            var key: String?
            var matches: Bool
        }
        struct Explanation: Encodable {
            var key: String
            var words: [String: String]?
            var events: [String]?
            var note: String?
            var consumers: [Match]?
        }
        let said = zip(Self.names, words).compactMap { name, word in RoutingKey.value(of: word).map { (name, $0) } }
        let matches = consumers.map { consumer in
            let match = consumer.key(for: key)
            return Match(name: consumer.name, queue: consumer.queue, key: match, matches: match != nil)
        }
        let explanation = Explanation(
            key: key, words: isPattern ? nil : Dictionary(said) { first, _ in first }, events: isPattern ? events.map(\.rawValue) : nil, note: doubt,
            consumers: isPattern ? nil : matches)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(explanation), as: UTF8.self) + "\n"
    }
}
