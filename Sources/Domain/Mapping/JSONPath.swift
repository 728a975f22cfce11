/// A way into a JSON document, as RFC 6901 writes it (`/commits/0/id`); a word `*` stands for every element of a list.
public struct JSONPath: Hashable, Sendable {
    public let text: String
    private let words: [String]

    /// Nil when the text is neither empty nor begins with a slash, or a `~` in it is not one of `~0` and `~1`.
    public init?(_ text: String) {
        guard text.isEmpty || text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 1000 else { return nil }
        var words: [String] = []
        for word in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let plain = Self.unescaped(word) else { return nil }
            words.append(plain)
        }
        self.text = text
        self.words = words
    }

    /// The value at the end of the way; nil where it leads nowhere. Of several, the first.
    public func value(in document: JSONValue) -> JSONValue? { values(in: document).first }

    /// Every value that the way leads to, in the order of the document.
    public func values(in document: JSONValue) -> [JSONValue] {
        var found = [document]
        for word in words {
            found = found.flatMap { value -> [JSONValue] in
                switch value {
                case .object(let fields): return fields[word].map { [$0] } ?? []
                case .array(let items) where word == "*": return items
                case .array(let items): return Int(word).flatMap { items.indices.contains($0) ? [items[$0]] : nil } ?? []
                default: return []
                }
            }
        }
        return found
    }

    private static func unescaped(_ word: Substring) -> String? {
        guard word.utf8.contains(UInt8(ascii: "~")) else { return String(word) }
        var plain = ""
        var rest = word
        while let tilde = rest.firstIndex(of: "~") {
            plain += rest[..<tilde]
            switch rest[rest.index(after: tilde)...].first {
            case "0": plain += "~"
            case "1": plain += "/"
            default: return nil
            }
            rest = rest[rest.index(tilde, offsetBy: 2)...]
        }
        return plain + rest
    }
}
