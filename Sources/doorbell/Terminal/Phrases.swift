import Domain
import Foundation

/// Moments and durations as people say them.
enum Phrases {
    static func duration(_ duration: Duration) -> String {
        let seconds = max(0, duration.inSeconds)
        if seconds < 9.95 { return String(format: "%.1fs", seconds) }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return "\(whole / 60)m \(whole % 60)s" }
        if whole < 86_400 { return "\(whole / 3600)h \(whole / 60 % 60)m" }
        return "\(whole / 86_400)d \(whole / 3600 % 24)h"
    }

    static func duration(from start: Timestamp?, to end: Timestamp?) -> String {
        guard let start else { return "" }
        return duration((end ?? now).since(start))
    }

    static func age(_ moment: Timestamp) -> String { duration(now.since(moment)) + " ago" }

    /// When `text` was: a moment, or how long ago as numbers with the units d, h, m and s; nil for anything else.
    static func moment(_ text: String) -> Timestamp? {
        if let moment = Timestamp(text) { return moment }
        let seconds: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
        var ago: Duration = .zero
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            // Nobody asks for more than a hundred years, and numbers stay small.
            guard let number = Int64(digits), number <= 3_200_000_000, let unit = rest.popFirst().flatMap({ seconds[$0] }) else { return nil }
            ago += .seconds(number * unit)
        }
        return now.advanced(by: .zero - ago)
    }

    static func revision(_ revision: String?) -> String {
        guard let revision else { return "tip" }
        let isHash = revision.utf8.count >= 40 && revision.allSatisfy(\.isHexDigit)
        return isHash ? String(revision.prefix(10)) : revision
    }

    /// `1 source`, `2 sources`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// The first line of what was changed, after the name of who did it.
    static func change(author: String, comments: String) -> String {
        let name = author.prefix { $0 != "<" }.trimmingCharacters(in: .whitespaces)
        return firstLine([name, comments].filter { !$0.isEmpty }.joined(separator: ": "))
    }

    static func firstLine(_ text: String, limit: Int = 60) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return line.count > limit ? line.prefix(limit - 1) + "…" : line
    }

    static var now: Timestamp { Timestamp(seconds: Date().timeIntervalSince1970) }
}
