import Domain
import HTTPDoor
import Wire

/// The bounds of what people say with a control.
enum ControlText {
    static func reason(_ text: String?, otherwise: String) throws -> String {
        guard let text, !text.isEmpty else { return otherwise }
        guard text.utf8.count <= 1000 else { throw Problem.invalidField("/reason", "longer than 1000 bytes") }
        guard !text.unicodeScalars.contains(where: { $0.value == 0 }) else { throw Problem.invalidField("/reason", "holds a NUL") }
        return text
    }

    static func check(expect: ConfigurationID?) throws {
        guard expect.map({ $0.rawValue > 0 }) ?? true else { throw Problem.invalidField("/expect", "expected the number of a revision, such as 17") }
    }

    static func check(by: String?) throws {
        guard let by else { return }
        guard (1...200).contains(by.utf8.count), !by.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            throw Problem.invalidField("/by", "expected a name of 1 to 200 bytes, without control characters")
        }
    }

    static func priority(_ priority: Int) throws -> Int {
        guard (-1_000_000...1_000_000).contains(priority) else {
            throw Problem.invalidField("/priority", "expected a whole number from -1000000 to 1000000")
        }
        return priority
    }
}
