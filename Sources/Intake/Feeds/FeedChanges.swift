import Crypto
import Domain
import Foundation
import HTTPDoor
import Signals

/// Reads the messages of a feed. Pure.
struct FeedChanges: Sendable {
    let feed: FeedConfiguration
    let project: String

    /// The changes that a message makes, none when it is no concern of the source, or what is wrong with it.
    func read(_ message: FeedMessage) -> Result<[NewChange], MappingProblem> {
        Result { () throws(MappingProblem) in try changes(message) }
    }

    private func changes(_ message: FeedMessage) throws(MappingProblem) -> [NewChange] {
        guard message.isWhole else { throw MappingProblem("the message is too long: only its beginning was read, which is all that is kept of it") }
        let body: JSONValue
        do {
            body = try JSONDecoder().decode(JSONValue.self, from: Data(message.body))
        } catch {
            throw MappingProblem("the body is not JSON in UTF-8, or its lists and objects are too deep in each other")
        }
        let mapped = MappedMessage(
            body: body, routingKey: message.routingKey, headers: message.headers, id: message.id.flatMap { $0.isEmpty ? nil : $0 })
        for mapping in feed.mappings {
            guard let made = try mapping.make(mapped) else { continue }
            var changes: [NewChange] = []
            for (place, one) in made.enumerated() {
                let change = try self.change(one, place, message)
                let problems = change.problems
                guard problems.isEmpty else {
                    throw MappingProblem(
                        "change \(place + 1) of \(made.count): " + problems.prefix(10).map { "\($0.pointer) \($0.detail)" }.joined(separator: "; "))
                }
                changes.append(change)
            }
            return changes
        }
        return []
    }

    private func change(_ made: ChangeMapping.Made, _ place: Int, _ message: FeedMessage) throws(MappingProblem) -> NewChange {
        var when: Timestamp?
        if let text = made.texts[.when], !text.isEmpty {
            when = Self.moment(text)
            if when == nil {
                throw MappingProblem("\"when\": \"\(text.prefix(60))\" is neither seconds since 1970 nor a moment as ISO 8601 writes it")
            }
        }
        return NewChange(
            source: feed.name, project: project, repository: made.texts[.repository] ?? "", branch: made.texts[.branch] ?? "",
            revision: made.texts[.revision] ?? "", author: made.texts[.author] ?? "", comments: made.texts[.comments] ?? "", files: made.files,
            category: made.texts[.category] ?? "", when: when, properties: made.properties,
            dedupeKey: key(made, place, message))
    }

    /// The message's own name is the sender's word that two are the same; without one, the same content is.
    private func key(_ made: ChangeMapping.Made, _ place: Int, _ message: FeedMessage) -> String {
        if let key = made.texts[.key], !key.isEmpty { return Self.hashed("key", key) }
        if let id = message.id, !id.isEmpty { return Self.hashed("id", "\(id) \(place)") }
        return Self.hashed(
            "content",
            "\(message.exchange.utf8.count):\(message.exchange)\(message.routingKey) \(place) " + String(decoding: message.body, as: UTF8.self))
    }

    private static func hashed(_ kind: String, _ text: String) -> String {
        "\(kind):" + Hexadecimal.text(SHA256.hash(data: Data(text.utf8)))
    }

    /// Seconds since 1970, with or without a fraction, or ISO 8601.
    private static func moment(_ text: String) -> Timestamp? {
        if let seconds = Double(text) { return (0...253_402_300_799).contains(seconds) ? Timestamp(seconds: seconds) : nil }
        return Timestamp(text) ?? HookTime.read(text)
    }
}
