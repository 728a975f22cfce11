import Crypto
import Domain
import Foundation
import HTTPDoor

/// Makes changes of messages in somebody else's form, as the mappings of a source say. Pure.
struct MappedChanges: Sendable {
    /// What tells a message from every other of its source, where the mapping does not.
    enum Identity: Sendable {
        /// The sender's own name for it: his word that two are the same.
        case name(String)
        /// What it says, together with where it came from: the same content is the same message.
        case content(from: String, body: Data)

        /// Short, and made once for a message, however many changes it has.
        fileprivate var digest: String {
            switch self {
            case .name(let name): MappedChanges.hashed("id", name)
            case .content(let origin, let body): MappedChanges.hashed("content", "\(origin) " + String(decoding: body, as: UTF8.self))
            }
        }
    }

    let source: String
    let project: String
    let mappings: [ChangeMapping]

    /// The changes, in the message's order; nil when no mapping means it.
    func make(_ message: MappedMessage, identity: Identity) throws(MappingProblem) -> [NewChange]? {
        for mapping in mappings {
            guard let made = try mapping.make(message) else { continue }
            // A key that says nothing of the element is that of the message.
            let isWhole = mapping.each != nil && !mapping.texts[.key, default: []].allSatisfy(\.namesElement)
            let digest = identity.digest
            var changes: [NewChange] = []
            for (place, one) in made.enumerated() {
                let own = one.texts[.key].flatMap { $0.isEmpty ? nil : Self.hashed("key", isWhole ? "\($0) \(place)" : $0) }
                changes.append(try change(one, key: own ?? "\(digest):\(place)"))
            }
            if let fault = ChangeBounds.fault(in: changes) { throw MappingProblem(fault) }
            return changes
        }
        return nil
    }

    /// The changes of a list that is read again and again, each by itself or what is wrong with it; nil when no mapping means it. They are known by their keys, and
    /// without one by repository, branch and revision, wherever in the list they stand.
    func makeEach(_ message: MappedMessage) throws(MappingProblem) -> [Result<NewChange, MappingProblem>]? {
        for mapping in mappings {
            guard let elements = try mapping.elements(of: message) else { continue }
            return elements.map { element in
                Result { () throws(MappingProblem) in
                    let one = try mapping.make(message, element)
                    let own = one.texts[.key].flatMap { $0.isEmpty ? nil : [$0] }
                    let words = own ?? [ChangeMapping.Field.repository, .branch, .revision].map { one.texts[$0] ?? "" }
                    let key = Self.hashed(own == nil ? "item" : "key", words.map { "\($0.utf8.count):\($0)" }.joined())
                    let change = try change(one, key: key)
                    if let fault = ChangeBounds.fault(in: [change]) { throw MappingProblem(fault) }
                    return change
                }
            }
        }
        return nil
    }

    /// The body of a message.
    static func document(_ body: Data) throws(MappingProblem) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: body)
        } catch {
            throw MappingProblem("the body is not JSON in UTF-8, or its lists and objects are too deep in each other")
        }
    }

    private func change(_ made: ChangeMapping.Made, key: String) throws(MappingProblem) -> NewChange {
        var when: Timestamp?
        if let text = made.texts[.when], !text.isEmpty {
            when = Self.moment(text)
            if when == nil {
                throw MappingProblem("\"when\": \"\(text.prefix(60))\" is neither seconds since 1970 nor a moment as ISO 8601 writes it")
            }
        }
        var properties = made.properties
        // A mapping can say it by a text of its own only.
        switch properties[PullProperty.untrusted] {
        case "true": properties[PullProperty.untrusted] = true
        case "false", "": properties[PullProperty.untrusted] = false
        default: break
        }
        return NewChange(
            source: source, project: made.texts[.project].flatMap { $0.isEmpty ? nil : $0 } ?? project, repository: made.texts[.repository] ?? "",
            branch: made.texts[.branch] ?? "", revision: made.texts[.revision] ?? "", author: ChangeBounds.author(made.texts[.author] ?? ""),
            comments: ChangeBounds.comments(made.texts[.comments] ?? ""), files: ChangeBounds.files(made.files),
            category: made.texts[.category] ?? "", when: when, properties: properties, dedupeKey: key)
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
