/// What texts of a worker may look like before anything is done with them.
enum SafeText {
    /// A name that is safe as part of a path: letters, digits, `.`, `_`, `-`; it does not begin with `.` or `-`.
    static func isName(_ text: String, upTo limit: Int = 150) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= limit, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// Printable ASCII without spaces: keys, incarnations, secrets.
    static func isToken(_ text: String, length: ClosedRange<Int>) -> Bool {
        length.contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Text for people: bounded, and without control characters.
    static func isPlain(_ text: String, upTo limit: Int) -> Bool {
        text.utf8.count <= limit && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }

    static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// The beginning of a text, at most `limit` bytes, cut between characters.
    static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var size = 0
        return String(
            text.prefix { character in
                size += character.utf8.count
                return size <= limit - 3
            }) + "…"
    }
}
