import FoundationEssentials

/// The coders of the door. Neither is changed after it was made, so that all requests may share them.
public enum DoorJSON {
    public static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()
    public static let decoder = JSONDecoder()
}
