/// The number of one entity; the type parameter keeps the numbers of different kinds apart.
///
/// Numbers are given by the store, start at 1, and are shown as they are in the API, events and commands.
public struct EntityID<Entity>: Hashable, Comparable, Sendable {
    public let rawValue: Int64

    public init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension EntityID: CustomStringConvertible {
    public var description: String { String(rawValue) }
}

extension EntityID: LosslessStringConvertible {
    public init?(_ description: String) {
        guard let value = Int64(description), value > 0 else { return nil }
        self.init(value)
    }
}

extension EntityID: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// The kinds of entity that have a number of their own. Never instantiated: they only name the types of ids.
public enum Kind {
    public enum Change {}
    public enum Buildset {}
    public enum Request {}
    public enum Build {}
    public enum Session {}
    public enum ConfigurationVersion {}
    public enum Delivery {}
    public enum Token {}
    public enum AuditEntry {}
    public enum Sending {}
}

public typealias ChangeID = EntityID<Kind.Change>
public typealias BuildsetID = EntityID<Kind.Buildset>
public typealias RequestID = EntityID<Kind.Request>
public typealias BuildID = EntityID<Kind.Build>
public typealias SessionID = EntityID<Kind.Session>
public typealias ConfigurationID = EntityID<Kind.ConfigurationVersion>
public typealias DeliveryID = EntityID<Kind.Delivery>
public typealias TokenID = EntityID<Kind.Token>
public typealias AuditID = EntityID<Kind.AuditEntry>
public typealias SendingID = EntityID<Kind.Sending>
