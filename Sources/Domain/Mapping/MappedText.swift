/// A text with places that a message fills: `{/ref}` by a way into its body, `{./id}` by a way into one element of a list, `{@key}` by its routing
/// key, `{@header:NAME}` by a header, `{@id}` by its own name. Behind a bar follows what is done to the value: `{/ref|strip:refs/heads/}`,
/// `{/message|first_line}`. Two braces stand for one.
public struct MappedText: Hashable, Sendable {
    enum Origin: Hashable, Sendable {
        case body(JSONPath)
        case element(JSONPath)
        case routingKey
        case header(String)
        case id
    }

    enum Change: Hashable, Sendable {
        /// Takes this beginning off; a value without it does not fit.
        case strip(String)
        case firstLine
    }

    enum Part: Hashable, Sendable {
        case literal(String)
        case value(Origin, [Change])
    }

    public let text: String
    let parts: [Part]

    /// - Throws: what was found and what was expected, in one line.
    public init(_ text: String) throws(MappingSyntaxError) {
        guard text.utf8.count <= 4000 else { throw MappingSyntaxError("a text of more than 4,000 bytes, expected a shorter one") }
        self.text = text
        parts = try Self.parts(text)
    }

    /// Whether it says anything of one element.
    public var namesElement: Bool {
        parts.contains { if case .value(.element, _) = $0 { true } else { false } }
    }

    /// The headers that fill it.
    public var headers: [String] {
        parts.compactMap { if case .value(.header(let name), _) = $0 { name } else { nil } }
    }

    /// The text for a message; nil when a place in it is filled by nothing, or by a list or an object.
    func filled(by message: MappedMessage, element: JSONValue?) -> String? {
        var filled = ""
        for part in parts {
            switch part {
            case .literal(let text): filled += text
            case .value(let origin, let changes):
                guard let value = Self.value(origin, message, element), value != .null, let text = value.interpolated,
                    let changed = Self.changed(text, changes)
                else { return nil }
                filled += changed
            }
        }
        return filled
    }

    /// The value itself when the text is one place and nothing around it; otherwise the filled text.
    func value(for message: MappedMessage, element: JSONValue?) -> JSONValue? {
        if parts.count == 1, case .value(let origin, let changes) = parts[0], changes.isEmpty { return Self.value(origin, message, element) }
        return filled(by: message, element: element).map { .string($0) }
    }

    private static func value(_ origin: Origin, _ message: MappedMessage, _ element: JSONValue?) -> JSONValue? {
        switch origin {
        case .body(let path): path.value(in: message.body)
        case .element(let path): element.flatMap { path.value(in: $0) }
        case .routingKey: .string(message.routingKey)
        case .header(let name): message.headers[name].map { .string($0) }
        case .id: message.id.map { .string($0) }
        }
    }

    private static func changed(_ text: String, _ changes: [Change]) -> String? {
        var text = text
        for change in changes {
            switch change {
            case .strip(let beginning):
                guard text.hasPrefix(beginning) else { return nil }
                text = String(text.dropFirst(beginning.count))
            case .firstLine: text = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            }
        }
        return text
    }

    private static func parts(_ text: String) throws(MappingSyntaxError) -> [Part] {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            literal += rest[..<brace]
            rest = rest[brace...]
            if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
                literal += String(rest.prefix(1))
                rest = rest.dropFirst(2)
                continue
            }
            guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
                throw MappingSyntaxError("a single brace at \"\(rest.prefix(20))\", expected {/WAY}, or two braces for one")
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(try place(rest[rest.index(after: rest.startIndex)..<end]))
            rest = rest[rest.index(after: end)...]
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    private static func place(_ text: Substring) throws(MappingSyntaxError) -> Part {
        let words = text.split(separator: "|", omittingEmptySubsequences: false)
        var changes: [Change] = []
        for word in words.dropFirst() {
            if word == "first_line" {
                changes.append(.firstLine)
            } else if word.hasPrefix("strip:") {
                changes.append(.strip(String(word.dropFirst("strip:".count))))
            } else {
                throw MappingSyntaxError("\"|\(word.prefix(40))\", expected |strip:BEGINNING or |first_line")
            }
        }
        return .value(try origin(words[0]), changes)
    }

    private static func origin(_ text: Substring) throws(MappingSyntaxError) -> Origin {
        if text.hasPrefix("/") || text.isEmpty, let path = JSONPath(String(text)) { return .body(path) }
        if text.hasPrefix("."), let path = JSONPath(String(text.dropFirst())) { return .element(path) }
        switch text {
        case "@key": return .routingKey
        case "@id": return .id
        default: break
        }
        if text.hasPrefix("@header:"), text.count > "@header:".count { return .header(String(text.dropFirst("@header:".count))) }
        throw MappingSyntaxError("{\(text.prefix(60))}, expected a way such as {/ref}, {./id} in each element, {@key}, {@id} or {@header:NAME}")
    }
}

/// A mapped text that cannot be read.
public struct MappingSyntaxError: Error, Hashable, Sendable {
    public var found: String

    init(_ found: String) {
        self.found = found
    }
}

extension MappedText: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(try container.decode(String.self))
        } catch let error as MappingSyntaxError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.found)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
