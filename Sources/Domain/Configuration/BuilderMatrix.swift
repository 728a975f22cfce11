/// The variants of a builder: every combination of some values, without those that are excluded, and with those that are included.
public struct BuilderMatrix: Hashable, Sendable {
    public struct Axis: Hashable, Sendable {
        public var name: String
        public var values: [String]

        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// In the order in which they were written, which is that of the names of variants.
    public var axes: [Axis]
    /// A combination with all of these values is left out.
    public var exclude: [[String: String]]
    /// Each has a value for every axis.
    public var include: [[String: String]]

    /// More variants are refused.
    public static let mostVariants = 256

    public init(axes: [Axis], exclude: [[String: String]] = [], include: [[String: String]] = []) {
        self.axes = axes
        self.exclude = exclude
        self.include = include
    }

    /// The combinations in their order, each once; nil when there are more than are allowed.
    public func combinations() -> [[String: String]]? {
        var all: [[String: String]] = [[:]]
        for axis in axes {
            guard all.count * axis.values.count <= Self.mostVariants else { return nil }
            all = all.flatMap { begun in axis.values.map { begun.merging([axis.name: $0]) { $1 } } }
        }
        var seen: Set<[String: String]> = []
        let kept = all.filter { one in !exclude.contains { $0.allSatisfy { one[$0.key] == $0.value } } } + include
        let distinct = kept.filter { seen.insert($0).inserted }
        return distinct.count <= Self.mostVariants ? distinct : nil
    }

    /// The name of a variant: the builder's, and the values in the order of the axes.
    public func name(of builder: String, _ combination: [String: String]) -> String {
        "\(builder) (\(axes.compactMap { combination[$0.name] }.joined(separator: ", ")))"
    }
}

extension Builder {
    /// A variant: its values are properties, and stand in its labels for `${axis}`.
    public func variant(_ combination: [String: String], named name: String) -> Builder {
        var variant = self
        variant.name = name
        variant.properties.merge(combination.mapValues { .string($0) }) { $1 }
        variant.labels = labels.mapValues { label in
            guard let parts = try? Interpolation.parts(of: label) else { return label }
            return parts.map { part in
                switch part {
                case .literal(let text): text
                case .property(let name): combination[name] ?? "${\(name)}"
                }
            }.joined()
        }
        return variant
    }
}
