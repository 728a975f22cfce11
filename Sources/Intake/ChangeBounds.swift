import Domain

/// Brings what others wrote within what a change takes: that it is longer is no reason to lose the change.
enum ChangeBounds {
    private static let mostFiles = 20_000

    static func author(_ text: String) -> String { bounded(text, 1000) }
    static func comments(_ text: String) -> String { bounded(text, 256 << 10) }

    /// None when they cannot all be named: a change without files matters to every scheduler.
    static func files(_ files: [String]) -> [String] {
        let areFit = files.count <= mostFiles && files.allSatisfy { !$0.isEmpty && $0.utf8.count <= 4096 && !$0.utf8.contains(0) }
        return areFit ? files : []
    }

    /// The files of commits that become one change, which then matters to a scheduler exactly when one of the commits would have: none when one of them names none.
    static func files(ofAll commits: [[String]]) -> [String] {
        var all: Set<String> = []
        for named in commits.map(files) {
            guard !named.isEmpty else { return [] }
            all.formUnion(named)
            guard all.count <= mostFiles else { return [] }
        }
        return all.sorted()
    }

    /// What keeps the first of these that cannot be taken from being a change; nil when all can.
    static func fault(in changes: [NewChange]) -> String? {
        for (place, change) in changes.enumerated() {
            let problems = change.problems
            guard !problems.isEmpty else { continue }
            return "change \(place + 1) of \(changes.count): " + problems.prefix(10).map { "\($0.pointer) \($0.detail)" }.joined(separator: "; ")
        }
        return nil
    }

    /// The longest beginning of whole Unicode scalars in `limit` bytes, with a space for each NUL.
    private static func bounded(_ text: String, _ limit: Int) -> String {
        let bytes = text.utf8
        var end = bytes.index(bytes.startIndex, offsetBy: limit, limitedBy: bytes.endIndex) ?? bytes.endIndex
        // Byte by byte to where a scalar begins, at most three steps: what people see as one letter has no greatest length.
        while end < bytes.endIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        guard end < bytes.endIndex || bytes.contains(0) else { return text }
        return String(decoding: bytes[..<end].map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }
}
