/// What a `Range` header asks for of something with a size (RFC 9110, section 14).
enum ByteRange: Hashable, Sendable {
    case part(Range<Int64>)
    /// It begins behind the end.
    case unsatisfiable
    /// Another unit, several ranges, or no range at all: the whole is answered, as if nothing had been asked.
    case ignored

    init(_ text: String, size: Int64) {
        self = Self.read(text, size: size)
    }

    private static func read(_ text: String, size: Int64) -> ByteRange {
        guard text.utf8.count <= 60, text.lowercased().hasPrefix("bytes=") else { return .ignored }
        let ends = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return .ignored }
        if ends[0].isEmpty {
            guard let suffix = number(ends[1]) else { return .ignored }
            return suffix > 0 && size > 0 ? .part(max(0, size - suffix)..<size) : .unsatisfiable
        }
        guard let first = number(ends[0]) else { return .ignored }
        let last = number(ends[1])
        guard ends[1].isEmpty || last.map({ $0 >= first }) == true else { return .ignored }
        guard first < size else { return .unsatisfiable }
        return .part(first..<min(size, last.map { $0 == .max ? $0 : $0 + 1 } ?? size))
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        // What 64 bits do not hold is behind every end.
        return Int64(text) ?? .max
    }
}
