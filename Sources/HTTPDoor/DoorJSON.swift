import FoundationEssentials

/// The coders of the door. Neither is changed after it was made, so that all requests may share them.
enum DoorJSON {
    static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()
    static let decoder = JSONDecoder()
}
