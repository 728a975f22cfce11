/// How a message of somebody else's becomes changes. Pure.
public struct ChangeMapping: Hashable, Sendable, Codable {
    /// What a change needs a text for.
    public enum Field: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
        case repository, branch, revision, author, comments, category, when
        /// To which the change belongs, before what its source says.
        case project
        /// Tells the change from every other of its source. Without it, the message's own name and the place in it do; without that, its content.
        case key

        public var isRequired: Bool { self == .repository || self == .branch || self == .revision }
    }

    /// A message is meant when the text can be filled, one of the patterns (if there are any) matches it, and none of the exceptions does.
    public struct Condition: Hashable, Sendable, Codable {
        public var text: MappedText
        public var patterns: [Glob]
        public var exceptions: [Glob]

        /// - Parameter words: patterns; those behind an exclamation mark are exceptions.
        public init(text: MappedText, words: [String]) {
            self.text = text
            patterns = words.filter { !$0.hasPrefix("!") }.map { Glob($0) }
            exceptions = words.filter { $0.hasPrefix("!") }.map { Glob(String($0.dropFirst())) }
        }

        func holds(for message: MappedMessage) -> Bool {
            guard let text = text.filled(by: message, element: nil) else { return false }
            return (patterns.isEmpty || patterns.contains { $0.matches(text) }) && !exceptions.contains { $0.matches(text) }
        }
    }

    /// All of them have to hold: other messages make no change.
    public var only: [Condition]
    /// The list whose elements are a change each; nil when the message is one.
    public var each: MappedText?
    /// Of several texts the first that can be filled counts.
    public var texts: [Field: [MappedText]]
    /// Lists of paths, or objects whose keys are paths; together they are the change's files.
    public var files: [MappedText]
    public var properties: [String: MappedText]

    public init(
        only: [Condition] = [], each: MappedText? = nil, texts: [Field: [MappedText]] = [:], files: [MappedText] = [],
        properties: [String: MappedText] = [:]
    ) {
        self.only = only
        self.each = each
        self.texts = texts
        self.files = files
        self.properties = properties
    }

    /// Required fields that no text is given for.
    public var missing: [Field] { Field.allCases.filter { $0.isRequired && texts[$0, default: []].isEmpty } }

    /// Every text of which changes are made.
    public var allTexts: [MappedText] { texts.values.flatMap { $0 } + files + properties.values }

    /// The headers that any of it reads.
    public var headers: [String] { (allTexts + only.map(\.text) + (each.map { [$0] } ?? [])).flatMap(\.headers) }

    /// This mapping with everything replaced that another says.
    public func overridden(by other: ChangeMapping) -> ChangeMapping {
        ChangeMapping(
            only: only + other.only, each: other.each ?? each, texts: texts.merging(other.texts) { $1 },
            files: other.files.isEmpty ? files : other.files,
            properties: properties.merging(other.properties) { $1 })
    }

    /// A change that a message makes, before it belongs to a source.
    public struct Made: Hashable, Sendable {
        public var texts: [Field: String] = [:]
        public var files: [String] = []
        public var properties: [String: JSONValue] = [:]
    }

    /// The changes of a message, in its order; nil when it is not meant, and by that no concern of the source.
    ///
    /// - Throws: what the message lacks, when it is meant.
    public func make(_ message: MappedMessage) throws(MappingProblem) -> [Made]? {
        guard let elements = try elements(of: message) else { return nil }
        var made: [Made] = []
        for element in elements { made.append(try self.make(message, element)) }
        return made
    }

    /// What is a change each: the elements of the list, nil alone for the message itself; nil when it is not meant.
    public func elements(of message: MappedMessage) throws(MappingProblem) -> [JSONValue?]? {
        guard only.allSatisfy({ $0.holds(for: message) }) else { return nil }
        guard let each else { return [nil] }
        guard case .array(let elements)? = each.value(for: message, element: nil) else {
            throw MappingProblem("\"each\": there is no list at \(each.text)")
        }
        guard elements.count <= 1000 else { throw MappingProblem("\"each\": \(elements.count) elements at \(each.text); at most 1,000 are taken") }
        return elements
    }

    /// The change of one element.
    public func make(_ message: MappedMessage, _ element: JSONValue?) throws(MappingProblem) -> Made {
        var made = Made()
        for field in Field.allCases {
            let ways = texts[field, default: []]
            for way in ways {
                guard let text = way.filled(by: message, element: element), !(field.isRequired && text.isEmpty) else { continue }
                made.texts[field] = text
                break
            }
            if field.isRequired, made.texts[field] == nil {
                throw MappingProblem("\"\(field.rawValue)\": the message has nothing at \(ways.map(\.text).joined(separator: " nor "))")
            }
        }
        var seen: Set<String> = []
        made.files = files.flatMap { $0.paths(of: message, element: element) }.filter { seen.insert($0).inserted }
        for (name, text) in properties { if let value = text.value(for: message, element: element) { made.properties[name] = value } }
        return made
    }
}

/// What keeps a message from becoming a change.
public struct MappingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}

extension MappedText {
    /// The paths that this names: the texts of lists, the keys of objects, or one text.
    fileprivate func paths(of message: MappedMessage, element: JSONValue?) -> [String] {
        guard parts.count == 1, case .value(let origin, []) = parts[0] else { return filled(by: message, element: element).map { [$0] } ?? [] }
        let found: [JSONValue] =
            switch origin {
            case .body(let path): path.values(in: message.body)
            case .element(let path): element.map { path.values(in: $0) } ?? []
            default: []
            }
        return found.flatMap { value -> [String] in
            switch value {
            case .string(let text): [text]
            case .array(let items): items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            case .object(let fields): fields.keys.sorted()
            default: []
            }
        }
    }
}
