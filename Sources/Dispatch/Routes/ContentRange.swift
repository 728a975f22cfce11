/// The bytes that a log call carries: `bytes FIRST-LAST/*` (RFC 9110, 14.4).
struct ContentRange: Hashable, Sendable {
    /// Logs are held to be shorter than this, so that no sum of two offsets overflows.
    static let largestOffset: Int64 = 1 << 50

    let first: Int64
    let count: Int

    /// Nil for anything but one range of bytes that is not empty.
    init?(_ text: String) {
        guard text.utf8.count <= 80, text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "*" || Self.number(parts[1]) != nil else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
            let count = Int(exactly: last - first + 1)
        else { return nil }
        self.first = first
        self.count = count
    }

    /// What the server has of a log, for the `Range` header: nil when that is nothing.
    static func held(_ size: Int64) -> String? { size > 0 ? "0-\(size - 1)" : nil }

    private static func number(_ text: Substring) -> Int64? {
        guard (1...16).contains(text.utf8.count), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text).flatMap { $0 <= largestOffset ? $0 : nil }
    }
}
