import Domain

/// Moments, durations and names as the pages show them.
enum PageText {
    static func duration(_ duration: Duration) -> String {
        let tenths = Int(max(0, duration.inSeconds) * 10)
        let seconds = tenths / 10
        if tenths < 100 { return "\(seconds).\(tenths % 10) s" }
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
        return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }

    static func age(_ moment: Timestamp, now: Timestamp) -> String {
        let seconds = Int(max(0, now.since(moment).inSeconds))
        if seconds < 5 { return "just now" }
        if seconds < 60 { return "\(seconds) s ago" }
        if seconds < 3600 { return "\(seconds / 60) min ago" }
        if seconds < 172_800 { return "\(seconds / 3600) h ago" }
        return "\(seconds / 86_400) d ago"
    }

    static func bytes(_ count: Int64) -> String {
        if count < 1024 { return "\(count) B" }
        if count < 1 << 20 { return "\(count / 1024) KiB" }
        return "\(count >> 20).\(count % (1 << 20) * 10 >> 20) MiB"
    }

    /// Enough of a revision to tell it from its neighbours.
    static func revision(_ revision: String?) -> String {
        guard let revision, !revision.isEmpty else { return "tip" }
        let isHash = revision.utf8.count >= 40 && revision.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        return isHash ? String(revision.prefix(10)) : cut(revision, 20)
    }

    static func firstLine(_ text: String, limit: Int = 100) -> String {
        cut(text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "", limit)
    }

    /// The name without the address.
    static func author(_ text: String) -> String {
        let name = text.prefix { $0 != "<" }
        return cut(String(name.isEmpty ? text[...] : name).trimmingSpaces, 40)
    }

    static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit - 1) + "…" : text
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[first...last])
    }
}
