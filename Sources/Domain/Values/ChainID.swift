import Crypto

/// What ties a change, and everything made because of it, together: a UUID in lower case (DESIGN §5, "Chains").
public struct ChainID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// The chain of a change, the same wherever it is computed: UUID version 8 from SHA-256 of (deployment, source, dedupe key).
    public init(deployment: String, source: String, dedupeKey: String) {
        self.init(deployment: deployment, parts: ["change", source, dedupeKey])
    }

    /// The chain of a buildset, from its natural key.
    public init(deployment: String, scheduler: String, trigger: String) {
        self.init(deployment: deployment, parts: ["buildset", scheduler, trigger])
    }

    private init(deployment: String, parts: [String]) {
        var hash = SHA256()
        for part in [deployment] + parts {
            hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
        }
        self.rawValue = Self.uuid(from: Array(hash.finalize().prefix(16)), version: 8)
    }

    /// A random UUID version 4.
    public static func random() -> ChainID {
        var generator = SystemRandomNumberGenerator()
        return ChainID(uuid(from: (0..<16).map { _ in generator.next() as UInt8 }, version: 4))
    }

    private static func uuid(from bytes: [UInt8], version: UInt8) -> String {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = bytes.hexadecimal
        var parts: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    public var description: String { rawValue }

    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
