/// What a worker says it is (`os: linux`), and what a builder asks for.
public typealias Labels = [String: String]

extension Labels {
    /// True when a worker with these labels may run what asks for `required`: each is there with the same value.
    public func satisfy(_ required: Labels) -> Bool {
        required.allSatisfy { self[$0.key] == $0.value }
    }
}

/// What pending requests are indexed by: a builder and the labels it asks for. A dispatcher decides once per class, never per request.
public struct MatchClass: Hashable, Sendable {
    public var id: Int64
    public var builder: String
    public var labels: Labels

    public init(id: Int64, builder: String, labels: Labels) {
        self.id = id
        self.builder = builder
        self.labels = labels
    }
}
