/// The eight words by which events are chosen: `<entity>.<verb>.<project>.<branch>.<builder>.<worker>.<outcome>.<id>` (DESIGN §6).
public struct RoutingKey: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// The longest a word may be once it is escaped: eight such words and seven dots stay under 255 bytes.
    public static let wordLimit = 30

    public init(event: EventKind, project: String?, branch: String?, builder: String?, worker: String?, outcome: String?, id: String?) {
        let words = [project, branch, builder, worker, outcome, id].map { Self.word($0) }
        text = ([event.rawValue] + words).joined(separator: ".")
    }

    public var description: String { text }

    /// One word: absent is `_`, bytes outside `[A-Za-z0-9_-]` become `~XX`, and what is too long ends in 8 hex digits of a hash (FNV-1a, 32 bits).
    public static func word(_ value: String?) -> String {
        guard let value, !value.isEmpty else { return "_" }
        // Most names are words already, and every event has eight.
        if value.utf8.count <= wordLimit, value != "_", value.utf8.allSatisfy(isPlain) { return value }
        var escaped = ""
        for byte in value.utf8 {
            if isPlain(byte) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                escaped += "~" + [byte].hexadecimal.uppercased()
            }
        }
        // A name that is itself `_` must not read as absent.
        if escaped == "_" { escaped = "~5F" }
        guard escaped.utf8.count > wordLimit else { return escaped }
        var hash: UInt32 = 2_166_136_261
        for byte in value.utf8 {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        let digits = [UInt8(hash >> 24), UInt8(hash >> 16 & 0xFF), UInt8(hash >> 8 & 0xFF), UInt8(hash & 0xFF)].hexadecimal
        var prefix = escaped.prefix(wordLimit - 8)
        // Never cut an escape in two.
        if let tilde = prefix.suffix(2).lastIndex(of: "~") { prefix = prefix[..<tilde] }
        return prefix + digits
    }

    /// What a word says, as far as it can be told: nil for an absent one. A word that was too long keeps its end, which is a hash.
    public static func value(of word: some StringProtocol) -> String? {
        guard word != "_" else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(word.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "~"), let escaped = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
                bytes.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
