/// A number that only grows with each owner of a piece of work; a write that presents an older one is refused (DESIGN §1, rule 5).
public struct Fence: Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int64

    public init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var next: Fence { Fence(rawValue + 1) }

    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
