/// What became of a forge's delivery.
public enum DeliveryVerdict: String, Hashable, Sendable, Codable, CaseIterable {
    /// It tells of changes, which are on record.
    case accepted
    /// It tells of nothing that makes a change.
    case ignored
    /// It could not be read.
    case refused
}
