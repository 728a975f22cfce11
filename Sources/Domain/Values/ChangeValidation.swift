/// What is wrong with one field of something that came from outside.
public struct FieldProblem: Hashable, Sendable {
    /// A JSON pointer to the field.
    public var pointer: String
    /// What was found and what is expected.
    public var detail: String

    public init(_ pointer: String, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}

extension NewChange {
    /// Everything that is wrong with the change; empty when it may be accepted. The bounds are those of the API's documentation.
    public var problems: [FieldProblem] {
        var problems: [FieldProblem] = []
        func name(_ pointer: String, _ value: String, limit: Int, optional: Bool = false) {
            if value.isEmpty {
                if !optional { problems.append(FieldProblem(pointer, "is empty")) }
            } else if value.utf8.count > limit {
                problems.append(FieldProblem(pointer, "is longer than \(limit) bytes"))
            } else if value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                problems.append(FieldProblem(pointer, "holds a control character"))
            } else if value.hasPrefix("-") {
                problems.append(FieldProblem(pointer, "begins with -, which git would take for an option"))
            }
        }
        name("/source", source, limit: 200)
        name("/project", project, limit: 200)
        name("/repository", repository, limit: 2000)
        name("/branch", branch, limit: 400)
        name("/revision", revision, limit: 200)
        name("/category", category, limit: 200, optional: true)
        if revision.contains(where: \.isWhitespace) { problems.append(FieldProblem("/revision", "holds white space")) }
        if let scheme = Self.helperScheme(of: repository) {
            problems.append(FieldProblem("/repository", "uses \(scheme)::, which lets git run any program; give a plain URL or path"))
        }
        if Self.hasPassword(repository) {
            problems.append(FieldProblem("/repository", "holds a password; name a credential in the configuration instead"))
        }
        text("/author", author, limit: 1000, &problems)
        text("/comments", comments, limit: 256 << 10, &problems)
        if let dedupeKey { name("/dedupe_key", dedupeKey, limit: 500) }
        if files.count > 20_000 { problems.append(FieldProblem("/files", "has more than 20000 entries")) }
        for (index, file) in files.prefix(20_000).enumerated() {
            if file.isEmpty || file.utf8.count > 4096 { problems.append(FieldProblem("/files/\(index)", "is empty or longer than 4096 bytes")) }
            if file.utf8.contains(0) { problems.append(FieldProblem("/files/\(index)", "holds a NUL")) }
            if problems.count > 20 { break }
        }
        if properties.count > 200 { problems.append(FieldProblem("/properties", "has more than 200 entries")) }
        for key in properties.keys.sorted().prefix(200) where !Self.isPropertyName(key) {
            problems.append(FieldProblem("/properties", "has a name that is not a letter followed by letters, digits, _, . or -, at most 100"))
        }
        for (key, value) in properties.sorted(by: { $0.key < $1.key }).prefix(200) where Self.isPropertyName(key) {
            if let wrong = Self.fault(of: value, depth: 0) { problems.append(FieldProblem("/properties/\(key)", wrong)) }
        }
        switch properties[PullProperty.untrusted] {
        case nil, .bool?: break
        case _?: problems.append(FieldProblem("/properties/\(PullProperty.untrusted)", "is neither true nor false"))
        }
        return problems
    }

    private func text(_ pointer: String, _ value: String, limit: Int, _ problems: inout [FieldProblem]) {
        if value.utf8.count > limit { problems.append(FieldProblem(pointer, "is longer than \(limit) bytes")) }
        if value.utf8.contains(0) { problems.append(FieldProblem(pointer, "holds a NUL")) }
    }

    /// Lists and objects of a property within each other: what every reader of JSON takes, with room for what stands around it.
    private static let deepest = 50

    /// What keeps a value from being a property. A NUL would end a step's command or environment where nobody sees it.
    private static func fault(of value: JSONValue, depth: Int) -> String? {
        guard depth <= deepest else { return "has more than \(deepest) lists or objects within each other" }
        switch value {
        case .null, .bool, .integer, .number: return nil
        case .string(let text): return text.utf8.contains(0) ? "holds a NUL" : nil
        case .array(let items):
            for item in items { if let found = fault(of: item, depth: depth + 1) { return found } }
        case .object(let items):
            if items.keys.contains(where: { $0.utf8.contains(0) }) { return "holds a NUL" }
            for item in items.values { if let found = fault(of: item, depth: depth + 1) { return found } }
        }
        return nil
    }

    /// The helper that `ext::…` and its kind would run; nil for plain URLs and paths.
    static func helperScheme(of repository: String) -> String? {
        guard let range = repository.firstRange(of: "::") else { return nil }
        let scheme = repository[..<range.lowerBound]
        let isWord =
            !scheme.isEmpty
            && scheme.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
        return isWord ? String(scheme) : nil
    }

    /// True for `scheme://user:password@host`.
    static func hasPassword(_ repository: String) -> Bool {
        guard let range = repository.firstRange(of: "://") else { return false }
        let authority = repository[range.upperBound...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return false }
        return authority[..<at].contains(":")
    }

    public static func isPropertyName(_ name: String) -> Bool {
        guard (1...100).contains(name.utf8.count), let first = name.utf8.first else { return false }
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") }
        return isLetter(first)
            && name.utf8.allSatisfy { byte in
                isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            }
    }
}
