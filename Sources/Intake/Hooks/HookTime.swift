import Domain
import Foundation

/// The moments that forges write: ISO 8601 with any offset.
enum HookTime {
    static func read(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 40, let date = try? Date.ISO8601FormatStyle().parse(text) else { return nil }
        return Timestamp(seconds: date.timeIntervalSince1970)
    }
}
