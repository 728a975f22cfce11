import Crypto
import FoundationEssentials
import HTTPTypes

/// What names one state of a document (RFC 9110, section 8.8.3), so that who has it already need not be sent it again.
public struct EntityTag: Hashable, Sendable {
    public let text: String

    /// Weak, since the same document is sent compressed or not: equal for equal bytes, in whichever process they were made.
    public init(of bytes: some DataProtocol) {
        text = "W/\"\(Hexadecimal.text(SHA256.hash(data: bytes).prefix(16)))\""
    }

    /// Strong: the digest of bytes that never change.
    public init(digest: String) {
        text = "\"\(digest)\""
    }

    private var opaque: Substring { Self.opaque(text[...]) }

    private static func opaque(_ text: Substring) -> Substring { text.hasPrefix("W/") ? text.dropFirst(2) : text }

    /// Whether the client says that it has this state, by weak comparison.
    public func isKnown(to headers: HTTPFields) -> Bool {
        guard let header = headers[.ifNoneMatch] else { return false }
        return header.split(separator: ",").contains { item in
            let tag = item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            return tag == "*" || Self.opaque(tag) == opaque
        }
    }

    /// Whether a range may be taken from this state: there is no `If-Range`, or it names this state and no other could have the name.
    public func allowsRange(of headers: HTTPFields) -> Bool {
        guard let header = headers[.ifRange] else { return true }
        return !text.hasPrefix("W/") && header == text
    }
}
