/// What a filter asks of a change, of any of its fields, combined by all, any and not. Everything that is named has to hold.
public struct ChangeCondition: Hashable, Sendable, Codable {
    public enum Field: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
        case sources, projects, repositories, branches, revisions, authors, comments, categories
        /// One of the change's files has to be allowed; of a change that names none, nobody knows, and it is.
        case files
    }

    public var fields: [Field: [TextRule]]
    /// A property that the change does not have is allowed by nothing.
    public var properties: [String: [TextRule]]
    public var all: [ChangeCondition]
    public var any: [ChangeCondition]
    /// None of these may hold.
    public var not: [ChangeCondition]

    public init(
        fields: [Field: [TextRule]] = [:], properties: [String: [TextRule]] = [:], all: [ChangeCondition] = [], any: [ChangeCondition] = [],
        not: [ChangeCondition] = []
    ) {
        self.fields = fields
        self.properties = properties
        self.all = all
        self.any = any
        self.not = not
    }

    /// Conditions within each other.
    public static let deepest = 20

    public func holds(for change: NewChange) -> Bool {
        fields.allSatisfy { field, rules in
            guard let value = Self.value(of: field, in: change) else {
                return change.files.isEmpty || change.files.contains { rules.allow($0) }
            }
            return rules.allow(value)
        } && properties.allSatisfy { name, rules in change.properties[name]?.interpolated.map { rules.allow($0) } ?? false }
            && all.allSatisfy { $0.holds(for: change) } && (any.isEmpty || any.contains { $0.holds(for: change) })
            && !not.contains { $0.holds(for: change) }
    }

    /// Nil for files, of which there are several.
    private static func value(of field: Field, in change: NewChange) -> String? {
        switch field {
        case .sources: change.source
        case .projects: change.project
        case .repositories: change.repository
        case .branches: change.branch
        case .revisions: change.revision
        case .authors: change.author
        case .comments: change.comments
        case .categories: change.category
        case .files: nil
        }
    }

    /// What keeps the change from being allowed; nil when nothing does.
    func refusal(of change: NewChange) -> String? {
        for field in Field.allCases {
            guard let rules = fields[field] else { continue }
            if let refusal = Self.refusal(of: change, field, rules) { return refusal }
        }
        for (name, rules) in properties.sorted(by: { $0.key < $1.key }) {
            guard let value = change.properties[name]?.interpolated else { return "it has no property \(name)" }
            if !rules.allow(value) { return "property \(name) is \(Self.quoted(value)), asked for is \(Self.words(rules))" }
        }
        for condition in all { if let refusal = condition.refusal(of: change) { return refusal } }
        let refusals = any.map { $0.refusal(of: change) }
        if !any.isEmpty, !refusals.contains(nil) {
            return "none of \"any\" holds: " + refusals.compactMap { $0 }.prefix(10).joined(separator: "; or: ")
        }
        for condition in not where condition.holds(for: change) { return "what \"not\" excludes holds: \(condition.summary)" }
        return nil
    }

    private static func refusal(of change: NewChange, _ field: Field, _ rules: [TextRule]) -> String? {
        let names: [Field: String] = [
            .sources: "source", .projects: "project", .repositories: "repository", .branches: "branch", .revisions: "revision", .authors: "author",
            .comments: "message", .categories: "category", .files: "file",
        ]
        let (name, value) = (names[field] ?? field.rawValue, value(of: field, in: change) ?? change.files.first ?? "")
        guard field == .files else { return rules.allow(value) ? nil : "\(name) \(quoted(value)), asked for is \(words(rules))" }
        if change.files.isEmpty || change.files.contains(where: { rules.allow($0) }) { return nil }
        let others = change.files.count > 1 ? " (and \(change.files.count - 1) more)" : ""
        return "\(name) \(quoted(value))\(others), asked for is \(words(rules))"
    }

    /// In a few words, for people.
    private var summary: String {
        let parts =
            Field.allCases.compactMap { field in fields[field].map { "\(field.rawValue) \(Self.words($0))" } }
            + properties.sorted { $0.key < $1.key }.map { "property \($0.key) \(Self.words($0.value))" }
            + (all.isEmpty && any.isEmpty && not.isEmpty ? [] : ["and more"])
        return parts.joined(separator: ", ")
    }

    private static func words(_ rules: [TextRule]) -> String {
        rules.prefix(10).map(\.text).joined(separator: ", ") + (rules.count > 10 ? ", …" : "")
    }

    /// Short enough for a sentence.
    static func quoted(_ text: String) -> String {
        let line = text.prefix { !$0.isNewline }
        return "\"\(line.prefix(80))\(line.count > 80 || line.count < text.count ? "…" : "")\""
    }
}
