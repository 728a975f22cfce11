/// An error as the API answers it: `application/problem+json` (RFC 9457).
public struct Problem: Error, Hashable, Sendable, Codable {
    public struct FieldError: Hashable, Sendable, Codable {
        /// A JSON pointer to the field.
        public var pointer: String
        public var detail: String

        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    public static let contentType = "application/problem+json"

    /// `urn:doorbell:problem:CODE`, with a stable code such as `invalid_field`.
    public var type: String
    public var title: String
    public var status: Int
    public var detail: String?
    public var errors: [FieldError]?
    /// Seconds after which it may work; told in a header. Nil: soon.
    public var retryAfter: Int?

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, errors
    }

    public init(status: Int, code: String, title: String, detail: String? = nil, errors: [FieldError]? = nil) {
        self.type = "urn:doorbell:problem:\(code)"
        self.title = title
        self.status = status
        self.detail = detail
        self.errors = errors
    }
}
