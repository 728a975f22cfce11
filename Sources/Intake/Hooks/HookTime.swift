import Domain
import Foundation

/// The moments that forges write: ISO 8601 with any offset, and with fractions of a second or none.
enum HookTime {
    static func read(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 40 else { return nil }
        if let moment = Timestamp(text) { return moment }
        // Forms that RFC 3339 does not have, such as offsets without a colon.
        guard let date = try? Date.ISO8601FormatStyle().parse(text) else { return nil }
        return Timestamp(seconds: date.timeIntervalSince1970)
    }
}
