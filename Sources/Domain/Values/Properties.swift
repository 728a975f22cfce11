/// One property: its value and who set it (`change`, `scheduler nightly`, `builder test`, `force`, …).
public struct Property: Hashable, Sendable, Codable {
    public var value: JSONValue
    public var source: String

    public init(_ value: JSONValue, source: String) {
        self.value = value
        self.source = source
    }
}

/// Named values that travel from a change, a rule or a person to the steps of a build, each with its source.
public typealias Properties = [String: Property]

extension Properties {
    /// `self` with the entries of `stronger` put over it. What nobody may trust stays so, whatever is put over it.
    public func overlaid(by stronger: Properties) -> Properties {
        var merged = merging(stronger) { _, new in new }
        if isUntrusted { merged[PullProperty.untrusted] = self[PullProperty.untrusted] }
        return merged
    }

    /// Anybody may have written what is built.
    public var isUntrusted: Bool { self[PullProperty.untrusted]?.value == .bool(true) }

    /// The same values, all from one source.
    public init(_ values: [String: JSONValue], source: String) {
        self = values.mapValues { Property($0, source: source) }
    }
}
