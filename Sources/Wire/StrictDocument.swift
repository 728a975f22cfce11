/// A document from outside whose fields are all known by name: anything else in it is refused rather than ignored.
public protocol StrictDocument: Decodable, Sendable {
    /// The names of its top-level fields, as they are spelled in JSON.
    static var fieldNames: Set<String> { get }
}

extension ChangeSubmission: StrictDocument {
    public static let fieldNames = Set(CodingKeys.allCases.map(\.rawValue))
}

extension SessionRequest: StrictDocument {
    public static let fieldNames: Set = ["protocol", "worker", "incarnation", "secret", "version", "labels", "slots"]
}

extension ClaimRequest: StrictDocument {
    public static let fieldNames: Set = ["free", "holding", "wait_ms"]
}

extension ReportBatch: StrictDocument {
    public static let fieldNames: Set = ["reports"]
}
